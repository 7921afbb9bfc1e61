// Command rego prints what a Rego query comes to over a policy, its data and the input on its standard input, as JSON:
//
//	rego <query> <policy.rego> <data.json>
//
// It has a module of its own, so that OPA is no dependency of anything that is released.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/open-policy-agent/opa/v1/rego"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rego:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("%d arguments instead of query, policy and data", len(args))
	}
	var input any
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		return fmt.Errorf("read the input: %w", err)
	}
	results, err := rego.New(rego.Query(args[0]), rego.Load(args[1:], nil), rego.Input(input)).Eval(ctx)
	if err != nil {
		return err
	}
	if len(results) == 0 {
		return fmt.Errorf("%s is undefined", args[0])
	}
	return json.NewEncoder(os.Stdout).Encode(results[0].Expressions[0].Value)
}
