package server

import "tributary/gateway/scalar"

// User is a user. Tags describe its members in the OpenAPI document.
type User struct {
	ID        string          `json:"id" doc:"Opaque and stable." example:"user123"`
	Username  string          `json:"username" doc:"What the user signs in with." example:"ivan_ivanov"`
	Email     string          `json:"email" format:"email" doc:"Where the user is written to." example:"ivan_ivanov@example.com"`
	FullName  string          `json:"full_name" doc:"What the user is called." example:"Иван Иванов"`
	IsActive  bool            `json:"is_active" doc:"Whether the user may sign in." example:"true"`
	CreatedAt scalar.DateTime `json:"created_at" doc:"When the user signed up, after RFC 3339." example:"2024-01-15T10:30:00Z"`
}
