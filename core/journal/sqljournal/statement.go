package sqljournal

import (
	"context"
	"database/sql"
	"encoding/hex"
	"strconv"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// mostLiteral is the longest value that a statement for MySQL carries in its text.
const mostLiteral = 64 << 10

// statement is SQL with its values. MySQL takes three round trips for a statement with parameters, so
// short values stand in its text, as numbers and hexadecimal digits alone. The other dialects have
// parameters.
type statement struct {
	dialect sqltx.Dialect
	text    []byte
	args    []any
}

// statement begins a statement in the store's dialect.
func (s *store) statement(parts ...string) *statement {
	return (&statement{dialect: s.table.Dialect}).add(parts...)
}

// add writes SQL. It must never be given a value of anybody's: only names that were checked, and
// constants.
func (st *statement) add(parts ...string) *statement {
	for _, p := range parts {
		st.text = append(st.text, p...)
	}
	return st
}

// parameter writes a placeholder and keeps its value.
func (st *statement) parameter(v any) *statement {
	st.args = append(st.args, v)
	// PostgreSQL counts its parameters, the others do not.
	if st.dialect == sqltx.PostgreSQL {
		st.text = strconv.AppendInt(append(st.text, '$'), int64(len(st.args)), 10)
		return st
	}
	st.text = append(st.text, '?')
	return st
}

// number writes a number.
func (st *statement) number(n int64) *statement {
	if st.dialect == sqltx.MySQL {
		st.text = strconv.AppendInt(st.text, n, 10)
		return st
	}
	return st.parameter(n)
}

// string writes a text. In MySQL columns of text hold bytes, so that hexadecimal digits need no
// character set.
func (st *statement) string(v string) *statement {
	if st.dialect == sqltx.MySQL {
		return st.hex([]byte(v))
	}
	return st.parameter(v)
}

// bytes writes content. A long one is a parameter in MySQL too: as text it would be twice as long, and
// there is a limit on statements.
func (st *statement) bytes(v []byte) *statement {
	switch {
	case st.dialect == sqltx.MySQL && len(v) <= mostLiteral:
		return st.hex(v)
	case v == nil:
		return st.parameter([]byte{}) // nil would be NULL
	default:
		return st.parameter(v)
	}
}

// hex writes bytes as digits: whatever they are, they cannot end the literal.
func (st *statement) hex(v []byte) *statement {
	st.text = append(hex.AppendEncode(append(st.text, "x'"...), v), '\'')
	return st
}

// list writes n parts with commas between them.
func (st *statement) list(n int, part func(i int)) *statement {
	for i := range n {
		if i > 0 {
			st.text = append(st.text, ',')
		}
		part(i)
	}
	return st
}

// own writes the condition that a row is of the store's namespace.
func (st *statement) own(s *store) *statement { return st.add("namespace = ").string(s.namespace) }

// ids writes the condition that a row has one of the IDs.
func (st *statement) ids(ids []journal.ID) *statement {
	return st.add(" AND id IN (").list(len(ids), func(i int) { st.string(string(ids[i])) }).add(")")
}

// exec runs the statement, and returns how many rows it changed.
func (st *statement) exec(ctx context.Context, q sqldb.Querier) (int64, error) {
	// The number of changed rows is the answer of every write.
	return sqldb.Affected(q.ExecContext(ctx, string(st.text), st.args...))
}

// query runs the statement, and returns its rows.
func (st *statement) query(ctx context.Context, q sqldb.Querier) (*sql.Rows, error) {
	return q.QueryContext(ctx, string(st.text), st.args...)
}
