package graphqlserver

import (
	"cmp"
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"

	"tributary/gateway/execute"
	"tributary/gateway/fault"
	"tributary/gateway/lookahead"
)

// query is a request on its way to its result. Each step adds what it found.
type query struct {
	Request
	doc       *document                      // valid; shared by all who send the same text
	selected  *ast.OperationDefinition       // the operation of doc to execute
	operation *graphql.OperationContext      // that, with its variables; nil until prepared
	cost      *lookahead.Cost                // in upstream calls; nil until prepared
	guarded   bool                           // some of its fields have rules of access
	ownRules  bool                           // of which some are the project's own
	refused   map[*ast.Position]*fault.Error // the fields that the viewer may not see
}

// execution gives the result of a query that was found. What wraps the
// execution of queries takes one and gives one.
type execution func(context.Context, *query) *Result

// find is the first step: the document of a request, the operation that it
// means, and its variables. A result is why there is none.
func (s *Server) find(ctx context.Context, req Request) (*query, *Result) {
	if req.policy == nil {
		req.policy = s.current.Load()
	}
	doc, isNew, refused := req.policy.documents.prepare(ctx, req.Query)
	if refused == nil || refused.Overload() == nil {
		s.metrics.countDocument(isNew)
	}
	if refused != nil {
		return nil, refused
	}
	s.register(ctx, &req, doc)
	q := &query{Request: req, doc: doc, selected: doc.Operations.ForName(req.OperationName)}
	if refused := q.refuseSelected(); refused != nil {
		return nil, refused
	}
	if refused := cmp.Or(q.refuseKey(), q.decodeVariables()); refused != nil {
		if q.selected.Operation == ast.Mutation {
			refused = withOutcome(refused, fault.NotExecuted)
		}
		return nil, refused
	}
	if isNew && req.untrusted {
		s.logUntrusted(ctx, q)
	}
	return q, nil
}

func (q *query) refuseSelected() *Result {
	switch {
	case q.selected == nil && q.OperationName == "":
		return invalid("the document has several operations: name one in operationName: " + q.operationNames())
	case q.selected == nil:
		return invalid("unknown operationName: it can be " + q.operationNames())
	case q.ReadOnly && q.selected.Operation != ast.Query && !q.listenedTo():
		r := invalid("mutations are not allowed by GET: use POST")
		r.mutation = true
		return r
	case q.selected.Operation == ast.Subscription && q.listener == nil:
		return invalid("subscriptions need a streaming transport")
	}
	return nil
}

// operationNames lists the names that operationName can have.
func (q *query) operationNames() string {
	var names []string
	for _, op := range q.doc.Operations {
		if op.Name == "" { // then it is the only one
			return "left out"
		}
		names = append(names, op.Name)
	}
	return core.QuotedOrList(names...)
}

// listenedTo tells whether q is a subscription to whose events somebody listens.
func (q *query) listenedTo() bool {
	return q.selected.Operation == ast.Subscription && q.listener != nil
}

// prepare is the last step before a query is executed: its variables are read,
// and it is held to what it may ask for. A result is why it may not.
func (s *Server) prepare(ctx context.Context, q *query) *Result {
	if refused := q.policy.limits.checkVariables(q.Variables); refused != nil {
		return refused
	}
	if refused := s.bind(ctx, q); refused != nil {
		return refused
	}
	if refused := refuseIntrospection(q.operation); refused != nil {
		return refused
	}
	if refused := q.policy.limits.checkOperation(q.operation); refused != nil {
		return refused
	}
	q.cost = s.plan.Cost(q.operation)
	return q.policy.limits.checkCalls(q.cost)
}

// bind reads the variables of a query.
func (s *Server) bind(ctx context.Context, q *query) *Result {
	doc := q.doc.QueryDocument
	if q.inParts != nil && q.doc.inParts != nil {
		doc = q.doc.inParts
	}
	if len(q.refused) > 0 {
		doc = pruned(doc, q.refused)
	}
	variables := execute.WithDefaults(q.selected, q.Variables)
	op, errs := s.exec.CreateOperationContext(context.WithValue(ctx, documentKey{}, doc), &graphql.RawParams{
		Query: q.Query, OperationName: q.OperationName, Variables: variables,
	})
	if len(errs) > 0 { // what is left to go wrong is a variable that does not fit its type
		for i, err := range errs {
			errs[i] = s.refuseVariable(q.selected, variables, err)
		}
		return refuse(fault.BadUserInput, errs)
	}
	if refused := cmp.Or(checkNulls(op), checkIDs(op)); refused != nil {
		return refused
	}
	op.DisableIntrospection = !s.cfg.Introspection
	q.operation = op
	return nil
}

// invalid refuses a document for what its operations are.
func invalid(message string) *Result {
	return refuse(fault.ValidationFailed, gqlerror.List{{Message: message}})
}
