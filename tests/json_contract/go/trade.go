// Package settlement is the JSON contract of a trade in Go.
package settlement

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// Counterparty is with whom we trade.
type Counterparty struct {
	Name    string `json:"name"`
	Country string `json:"country"`
}

// Trade is shares that change hands.
type Trade struct {
	TradeID      string       `json:"trade_id"`
	Units        int64        `json:"units"`
	Price        string       `json:"price"`
	Side         string       `json:"side"`
	TradedAt     time.Time    `json:"traded_at"`
	Counterparty Counterparty `json:"counterparty"`
	Rebate       float64      `json:"rebate"`
	Note         *string      `json:"note,omitempty"`
}

// Settlement is what becomes of a trade.
type Settlement struct {
	Trade     Trade     `json:"trade"`
	SettlesAt time.Time `json:"settles_at"`
}

// Schema checks JSON before it is decoded: encoding/json alone takes what is missing for zero.
type Schema struct{ schema *jsonschema.Schema }

// ReadSchema reads a file that the models in Python have published.
func ReadSchema(path string) (Schema, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Schema{}, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return Schema{}, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(path, document); err != nil {
		return Schema{}, err
	}
	schema, err := compiler.Compile(path)
	return Schema{schema}, err
}

// Trade decodes what fits the schema. An error is final.
func (s Schema) Trade(data []byte) (Trade, error) {
	var trade Trade
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err == nil {
		err = s.schema.Validate(value)
	}
	if err == nil {
		err = json.Unmarshal(data, &trade)
	}
	if err != nil {
		message := fmt.Sprintf("no trade: %v", err)
		return Trade{}, temporal.NewNonRetryableApplicationError(message, "InvalidArgument", nil)
	}
	return trade, nil
}

// SettleTrade says when a trade settles. The request is raw, so that the schema sees it first.
func (s Schema) SettleTrade(_ context.Context, request converter.RawValue) (Settlement, error) {
	trade, err := s.Trade(request.Payload().GetData())
	if err != nil {
		return Settlement{}, err
	}
	return Settlement{trade, trade.TradedAt.AddDate(0, 0, 2)}, nil
}
