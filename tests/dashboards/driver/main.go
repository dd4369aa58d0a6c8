// Asks ClickHouse with what Grafana's plugin is built on: its driver over HTTP, and the frames of Grafana's SDK.
//
// The plugin itself and its macros are not in it, so queries come with their macros expanded. The argument is the data
// source as Grafana provisions it, in JSON. Each line of the input is a query, a JSON string; each line of the output
// is its frame, or its error.
package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/data/sqlutil"
)

// The numbers are texts there; the timeouts are in seconds.
type source struct {
	Settings struct {
		Host         string `json:"host"`
		Port         string `json:"port"`
		Username     string `json:"username"`
		Database     string `json:"defaultDatabase"`
		DialTimeout  int    `json:"dialTimeout,string"`
		QueryTimeout int    `json:"queryTimeout,string"`
	} `json:"jsonData"`
	Secrets struct {
		Password string `json:"password"`
	} `json:"secureJsonData"`
}

type answer struct {
	Frame *data.Frame `json:"frame,omitempty"`
	Error string      `json:"error,omitempty"`
}

const rowLimit = 1_000_000

// What the frames do not take as the driver has it; the plugin brings its own for these and more.
var converters = []sqlutil.Converter{
	nullable[uint8]("UInt8"),
	nullable[uint64]("UInt64"),
	nullable[int64]("Int64"),
	nullable[float64]("Float64"),
	nullable[string]("String"),
	nullable[time.Time](`DateTime\('UTC'\)`),
}

func nullable[T any](inner string) sqlutil.Converter {
	return sqlutil.Converter{
		InputTypeRegex: regexp.MustCompile(`^Nullable\(` + inner + `\)$`),
		InputScanType:  reflect.TypeFor[**T](),
		FrameConverter: sqlutil.FrameConverter{
			FieldType: data.FieldTypeFor((*T)(nil)),
			ConverterFunc: func(scanned any) (any, error) {
				found := *scanned.(**T)
				if found == nil {
					return found, nil
				}
				// What is scanned into is used again for the next row.
				kept := *found
				return &kept, nil
			},
		},
	}
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(provisioned string) error {
	var from source
	if err := json.Unmarshal([]byte(provisioned), &from); err != nil {
		return err
	}
	database := open(from)
	defer database.Close()
	lines, answers := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	for lines.More() {
		var query string
		if err := lines.Decode(&query); err != nil {
			return err
		}
		if err := answers.Encode(ask(database, query, seconds(from.Settings.QueryTimeout))); err != nil {
			return err
		}
	}
	return nil
}

// The plugin chooses gzip for HTTP; the rest is of the settings.
func open(from source) *sql.DB {
	settings := from.Settings
	return clickhouse.OpenDB(&clickhouse.Options{
		Addr: []string{settings.Host + ":" + settings.Port},
		Auth: clickhouse.Auth{
			Database: settings.Database,
			Username: settings.Username,
			Password: from.Secrets.Password,
		},
		Protocol:    clickhouse.HTTP,
		Compression: &clickhouse.Compression{Method: clickhouse.CompressionGZIP},
		DialTimeout: seconds(settings.DialTimeout),
		ReadTimeout: seconds(settings.QueryTimeout),
	})
}

func ask(database *sql.DB, query string, timeout time.Duration) answer {
	// The driver sends what is left of it as max_execution_time.
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	rows, err := database.QueryContext(ctx, query)
	if err != nil {
		return answer{Error: err.Error()}
	}
	defer rows.Close()
	frame, err := sqlutil.FrameFromRows(rows, rowLimit, converters...)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Frame: frame}
}

func seconds(number int) time.Duration {
	return time.Duration(number) * time.Second
}
