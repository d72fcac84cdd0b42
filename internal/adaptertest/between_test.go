package adaptertest_test

import (
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
)

// lostWriter and lostResponse take what is written after a timeout.
type lostWriter struct {
	gin.ResponseWriter
	header http.Header
}

func (w *lostWriter) Header() http.Header         { return w.header }
func (w *lostWriter) WriteHeader(int)             {}
func (w *lostWriter) WriteHeaderNow()             {}
func (w *lostWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *lostWriter) Status() int                 { return http.StatusOK }
func (w *lostWriter) Written() bool               { return false }
func (w *lostWriter) Size() int                   { return -1 }

type lostResponse struct{ header http.Header }

func (w *lostResponse) Header() http.Header         { return w.header }
func (w *lostResponse) WriteHeader(int)             {}
func (w *lostResponse) Write(b []byte) (int, error) { return len(b), nil }

// answer200 writes an answer of the middleware's own.
func answer200(w http.ResponseWriter) {
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, "middleware")
}
