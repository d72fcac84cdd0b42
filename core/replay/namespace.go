package replay

import "fmt"

// maxNamespace is how many bytes a namespace may have.
const maxNamespace = 64

// CheckNamespace returns an error unless namespace can name an application in a shared store: 1 to 64 bytes
// of lower-case ASCII letters, digits, "-", "_" and ".", the first a letter or a digit.
//
// Every store accepts the same names, so one name serves all of them. No store has to escape a name, which fails
// closed: two namespaces never share a key.
func CheckNamespace(namespace string) error {
	if namespace == "" {
		return fmt.Errorf("the namespace is empty: give the name of the application that owns the memory, such as %q",
			"billing")
	}
	ok := len(namespace) <= maxNamespace
	for i := range len(namespace) {
		c := namespace[i]
		plain := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		ok = ok && (plain || i > 0 && (c == '-' || c == '_' || c == '.'))
	}
	if !ok {
		return fmt.Errorf("the namespace %.80q is not valid: lower-case ASCII letters, digits, -, _ and ., "+
			"a letter or a digit first, at most %d bytes", namespace, maxNamespace)
	}
	return nil
}
