package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"time"
)

// tagged is a value in which nothing is lost on the way: an object with one key.
type tagged map[string]json.RawMessage

// number is an enum, as json/plain meets it.
type number int32

// record is a struct, as json/plain meets it.
type record struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

// targets makes pointers to zero values.
var targets = map[string]func() any{
	"any":      func() any { return new(any) },
	"bool":     func() any { return new(bool) },
	"int":      func() any { return new(int64) },
	"float":    func() any { return new(float64) },
	"string":   func() any { return new(string) },
	"bytes":    func() any { return new([]byte) },
	"list":     func() any { return new([]any) },
	"map":      func() any { return new(map[string]any) },
	"record":   func() any { return new(record) },
	"enum":     func() any { return new(number) },
	"datetime": func() any { return new(time.Time) },
	"duration": func() any { return new(time.Duration) },
}

func (t tagged) value() (any, error) {
	for kind, raw := range t {
		return read(kind, raw)
	}
	return nil, fmt.Errorf("no value")
}

func read(kind string, raw json.RawMessage) (any, error) {
	switch kind {
	case "nothing", "null":
		return nil, nil
	case "bool":
		return parse[bool](raw)
	case "string":
		return parse[string](raw)
	case "bytes":
		return parse[[]byte](raw)
	case "datetime":
		return parse[time.Time](raw)
	case "enum":
		return parse[number](raw)
	case "list":
		return readList(raw)
	case "map", "dictionary":
		return readMap(raw)
	case "record":
		return readRecord(raw)
	}
	text, err := parse[string](raw)
	if err != nil {
		return nil, err
	}
	return readNumber(kind, text)
}

func readNumber(kind, text string) (any, error) {
	switch kind {
	case "int", "bigint":
		if value, err := strconv.ParseInt(text, 10, 64); err == nil {
			return value, nil
		}
		if value, err := strconv.ParseUint(text, 10, 64); err == nil {
			return value, nil
		}
		value, ok := new(big.Int).SetString(text, 10)
		if !ok {
			return nil, fmt.Errorf("no integer: %s", text)
		}
		return value, nil
	case "float":
		return strconv.ParseFloat(text, 64)
	case "duration":
		return time.ParseDuration(text + "s")
	default:
		return nil, fmt.Errorf("go has no %s", kind)
	}
}

func parse[T any](raw json.RawMessage) (T, error) {
	var value T
	err := json.Unmarshal(raw, &value)
	return value, err
}

func readList(raw json.RawMessage) (any, error) {
	items, err := parse[[]tagged](raw)
	values := make([]any, len(items))
	for i, item := range items {
		if values[i], err = item.value(); err != nil {
			return nil, err
		}
	}
	return values, err
}

func readMap(raw json.RawMessage) (map[string]any, error) {
	entries, err := parse[[][2]json.RawMessage](raw)
	if err != nil {
		return nil, err
	}
	values := make(map[string]any, len(entries))
	for _, entry := range entries {
		key, err := parse[string](entry[0])
		if err != nil {
			return nil, err
		}
		item, err := parse[tagged](entry[1])
		if err != nil {
			return nil, err
		}
		if values[key], err = item.value(); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func readRecord(raw json.RawMessage) (any, error) {
	values, err := readMap(raw)
	if err != nil {
		return nil, err
	}
	return record{Name: values["name"].(string), Count: values["count"].(int64)}, nil
}

// tag is the way back, from a pointer to a value.
func tag(pointer any) (any, error) {
	return tagValue(reflect.ValueOf(pointer).Elem().Interface())
}

func tagValue(value any) (any, error) {
	switch value := value.(type) {
	case nil:
		return map[string]any{"nothing": nil}, nil
	case bool:
		return map[string]any{"bool": value}, nil
	case string:
		return map[string]any{"string": value}, nil
	case int64:
		return map[string]any{"int": strconv.FormatInt(value, 10)}, nil
	case number:
		return map[string]any{"int": strconv.FormatInt(int64(value), 10)}, nil
	case float64:
		return map[string]any{"float": strconv.FormatFloat(value, 'g', -1, 64)}, nil
	case []byte:
		return map[string]any{"bytes": value}, nil
	case time.Time:
		return map[string]any{"datetime": value.Format(time.RFC3339Nano)}, nil
	case time.Duration:
		return map[string]any{"duration": strconv.FormatFloat(value.Seconds(), 'g', -1, 64)}, nil
	case []any:
		return tagList(value)
	case map[string]any:
		return tagMap(value)
	case record:
		return tagRecord(value)
	default:
		return nil, fmt.Errorf("cannot tell a %T", value)
	}
}

func tagList(values []any) (any, error) {
	items := make([]any, len(values))
	for i, value := range values {
		item, err := tagValue(value)
		if err != nil {
			return nil, err
		}
		items[i] = item
	}
	return map[string]any{"list": items}, nil
}

func tagMap(values map[string]any) (any, error) {
	entries := make([][2]any, 0, len(values))
	for key, value := range values {
		item, err := tagValue(value)
		if err != nil {
			return nil, err
		}
		entries = append(entries, [2]any{key, item})
	}
	return map[string]any{"map": entries}, nil
}

func tagRecord(value record) (any, error) {
	name, err := tagValue(value.Name)
	if err != nil {
		return nil, err
	}
	count, err := tagValue(value.Count)
	return map[string]any{"record": [][2]any{{"name", name}, {"count", count}}}, err
}
