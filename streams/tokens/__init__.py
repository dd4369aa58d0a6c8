"""What counts as a token in a text: hashtags, emojis and @-mentioned accounts, each rule in its own module.

A module states its rule twice: as a plain function over one text, and as the expressions by which
``streams.extract`` applies the same rule to a column of texts. (Emojis need no plain function.)
"""
