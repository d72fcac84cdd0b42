package drivers

import (
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
)

func TestAURLOfMySQLKeepsItsParameters(t *testing.T) {
	for url, want := range map[string]string{
		"mysql://u:p%40s@h/db":                      "",
		"mysql://u:p%40s@h:3307/db?tls=true":        "true",
		"mysql://u@h/db?tls=skip-verify&timeout=5s": "skip-verify",
	} {
		dsn, err := mysqlDSN(url)
		require.NoError(t, err, url)
		c, err := mysql.ParseDSN(dsn)
		require.NoError(t, err, url)
		require.Equal(t, want, c.TLSConfig, url)
		require.Equal(t, "db", c.DBName, url)
		require.Equal(t, "u", c.User, url)
	}
	for _, url := range []string{"mysql://u@h/db?timeout=soon", "mysql://u@h/db?tls=true&readTimeout=x", "mysql:///db", "u:p@@"} {
		_, err := mysqlDSN(url)
		require.Error(t, err, url)
	}
}
