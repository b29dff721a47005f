package kernel

import "fmt"

// InputError says which part of the input makes a simulation impossible. Repeating it cannot help.
type InputError struct {
	// Field is the name of the input at fault, as in the contract.
	Field string
	// Problem is what is wrong with it.
	Problem string
}

func (e *InputError) Error() string { return e.Field + ": " + e.Problem }

func inputErrorf(field, format string, arguments ...any) error {
	return &InputError{Field: field, Problem: fmt.Sprintf(format, arguments...)}
}
