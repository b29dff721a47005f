// Package logging writes log lines the way all workers do: one JSON object a line, with the same keys in
// every language.
package logging

import (
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"
)

// New makes the logger of a worker, which its task queue names.
func New(output io.Writer, level slog.Level, worker string) *slog.Logger {
	handler := slog.NewJSONHandler(output, &slog.HandlerOptions{Level: level, ReplaceAttr: rename})
	return slog.New(handler).With("worker", worker)
}

// rename gives slog's own keys and the SDK's (ActivityID) the names that all workers use (activity_id).
func rename(_ []string, attribute slog.Attr) slog.Attr {
	switch attribute.Key {
	case slog.TimeKey:
		if attribute.Value.Kind() == slog.KindTime {
			return slog.String("time", attribute.Value.Time().UTC().Format("2006-01-02T15:04:05.000Z"))
		}
	case slog.LevelKey:
		return slog.String("level", strings.ToLower(attribute.Value.String()))
	case slog.MessageKey:
		attribute.Key = "message"
	default:
		attribute.Key = snakeCase(attribute.Key)
	}
	if attribute.Value.Kind() == slog.KindDuration {
		attribute.Value = slog.StringValue(attribute.Value.Duration().Round(time.Microsecond).String())
	}
	return attribute
}

func snakeCase(name string) string {
	letters := []rune(name)
	var result strings.Builder
	for i, letter := range letters {
		startsWord := i > 0 && unicode.IsUpper(letter) &&
			(unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if startsWord {
			result.WriteByte('_')
		}
		result.WriteRune(unicode.ToLower(letter))
	}
	return result.String()
}
