"""An independent judge of Groundswell: the contract's rules once more, in naive plain Python.

Nothing here imports the product. In the order in which an end-to-end test uses them:

``generate``     seeded records to produce, with the tokens that their texts hold
``bad_records``  a named corpus of records that must be refused, and of near-misses that must not be
``produce``      any record whatever onto Kafka, also those that clients refuse to send
``log``          the topic as it stands, read back from Kafka
``verdict``      what a record is by the contract: an event, or refused and why
``tokens``       folding, and a simple extractor
``sentiment``    what an event is to a campaign: positive, neutral, negative, or not to be told
``oracle``       the log and the campaigns in; verdicts, account and expected views out
``views``        the real views, read over HTTP, and the comparison
"""
