module github.com/sallyport-go/sallyport

// The older of the two Go releases that are supported upstream; it is raised when a release ends its life.
go 1.26

// The routers. Each adapter package imports one of them and a program links only what it imports.
// Floors: the lowest version with the API we use and without a known advisory on a path we reach.
require (
	github.com/gin-gonic/gin v1.11.0
	github.com/go-chi/chi/v5 v5.2.2
	github.com/labstack/echo/v4 v4.13.4
	github.com/labstack/echo/v5 v5.1.0
)

// Examples.
require go.yaml.in/yaml/v3 v3.0.4

// Tests.
require github.com/stretchr/testify v1.11.1

require (
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)
