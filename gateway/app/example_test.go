package app_test

import (
	"context"
	"fmt"
	"os"

	"tributary/gateway/app"
)

// A project's main function calls Main with its graph, which Run does without a process.
// Each service of the graph has settings.
func ExampleRun() {
	graph := &app.Graph{
		Name: "myshop",
		Services: []app.Service{
			{Name: "reviews", URL: "http://localhost:8001"},
		},
	}
	code := app.Run(context.Background(), graph, app.Environment{
		Args:   []string{"gateway", "--reviews-url=reviews:8001"},
		Getenv: func(string) string { return "" },
		Stdout: os.Stdout,
		Stderr: os.Stdout,
	})
	fmt.Println("exit code", code)
	// Output:
	// myshop: gateway: reviews-url must be a URL with http:// or https:// and a host
	// exit code 2
}
