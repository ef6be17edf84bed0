package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
)

// What a program's flags are is told by running its registrations as far as their names need it: texts are put together, conditions on them
// are decided, and of everything else both ways are taken. Nothing else of the program is looked at.

// A set of flags: the kind of each by its name.
type flagSet map[string]string

// What is known of a value; of most nothing is.
type value struct {
	text  *string
	truth *bool
	// A set of flags, and the names that it leaves out.
	flags flagSet
	skip  map[string]bool
	list  []value
	// What an interface holds, so far as it is written there.
	of       types.Type
	function *ast.FuncLit
	within   *scope
	// What a flag is, of one that is looked at.
	kind string
}

type scope struct {
	outer  *scope
	values map[types.Object]value
}

func (own *scope) get(name types.Object) (value, bool) {
	for each := own; each != nil; each = each.outer {
		if found, ok := each.values[name]; ok {
			return found, true
		}
	}
	return value{}, false
}

// An assignment within a block changes what is around it.
func (own *scope) set(name types.Object, given value) {
	for each := own; each != nil; each = each.outer {
		if _, ok := each.values[name]; ok {
			each.values[name] = given
			return
		}
	}
	own.values[name] = given
}

func inner(outer *scope) *scope { return &scope{outer, map[types.Object]value{}} }

type registration struct {
	all *source
	// Those of the program itself: `flag.CommandLine`.
	flags flagSet
	depth int
}

// The flags that a function registers: `pkg/loki.ConfigWrapper.RegisterFlags`, `cmd/mimir.main`.
func (all *source) flagsOf(entry string) flagSet {
	run := &registration{all, flagSet{}, 0}
	for function, declared := range all.functions {
		if strings.HasSuffix(nameOf(function), "/"+entry) {
			given := make([]value, function.Type().(*types.Signature).Params().Len())
			for index := range given {
				given[index] = value{flags: run.flags}
			}
			run.call(declared, value{}, given)
			return run.flags
		}
	}
	fail("no function %s", entry)
	return nil
}

func nameOf(function *types.Func) string {
	if function.Pkg() == nil {
		return function.Name()
	}
	parts := []string{function.Pkg().Path()}
	if own := function.Type().(*types.Signature).Recv(); own != nil {
		if named, ok := pointed(own.Type()).(*types.Named); ok {
			parts = append(parts, named.Obj().Name())
		}
	}
	return strings.Join(append(parts, function.Name()), ".")
}

func pointed(given types.Type) types.Type {
	if pointer, ok := types.Unalias(given).(*types.Pointer); ok {
		return types.Unalias(pointer.Elem())
	}
	return types.Unalias(given)
}

func (run *registration) call(function *ast.FuncDecl, receiver value, given []value) value {
	if run.depth > 60 || function.Body == nil {
		return value{}
	}
	own := inner(nil)
	if function.Recv != nil && len(function.Recv.List[0].Names) == 1 {
		own.values[run.all.info.Defs[function.Recv.List[0].Names[0]]] = receiver
	}
	return run.body(function.Type, function.Body, own, given)
}

func (run *registration) body(signature *ast.FuncType, body *ast.BlockStmt, own *scope, given []value) value {
	index := 0
	for _, parameter := range signature.Params.List {
		for _, name := range parameter.Names {
			object := run.all.info.Defs[name]
			if _, isRest := parameter.Type.(*ast.Ellipsis); isRest {
				rest := value{list: []value{}}
				if index < len(given) {
					rest.list = given[index:]
				}
				own.values[object] = rest
			} else if index < len(given) {
				own.values[object] = given[index]
			}
			index++
		}
	}
	run.depth++
	result, _ := run.block(body, own)
	run.depth--
	return result
}

// What a block returns, and whether it surely does.
func (run *registration) block(block *ast.BlockStmt, own *scope) (value, bool) {
	for _, statement := range block.List {
		if result, returned := run.statement(statement, own); returned {
			return result, true
		}
	}
	return value{}, false
}

func (run *registration) statement(given ast.Stmt, own *scope) (value, bool) {
	switch each := given.(type) {
	case *ast.ExprStmt:
		run.eval(each.X, own)
	case *ast.BlockStmt:
		return run.block(each, inner(own))
	case *ast.AssignStmt:
		for index, right := range each.Rhs {
			result := run.eval(right, own)
			if len(each.Rhs) != len(each.Lhs) {
				continue
			}
			if name, ok := each.Lhs[index].(*ast.Ident); ok {
				if each.Tok == token.ADD_ASSIGN {
					result = joined(run.eval(name, own), result)
				}
				run.assign(name, result, own)
			}
		}
	case *ast.DeclStmt:
		if declaration, ok := each.Decl.(*ast.GenDecl); ok {
			for _, spec := range declaration.Specs {
				if values, ok := spec.(*ast.ValueSpec); ok && len(values.Values) == len(values.Names) {
					for index, name := range values.Names {
						run.assign(name, run.eval(values.Values[index], own), own)
					}
				}
			}
		}
	case *ast.IfStmt:
		return run.branch(each, inner(own))
	case *ast.RangeStmt:
		run.loop(each, own)
	case *ast.ForStmt:
		run.block(each.Body, inner(own))
	case *ast.SwitchStmt:
		for _, one := range each.Body.List {
			within := inner(own)
			for _, statement := range one.(*ast.CaseClause).Body {
				run.statement(statement, within)
			}
		}
	case *ast.ReturnStmt:
		results := []value{}
		for _, result := range each.Results {
			results = append(results, run.eval(result, own))
		}
		if len(results) == 1 {
			return results[0], true
		}
		return value{}, true
	}
	return value{}, false
}

func (run *registration) assign(name *ast.Ident, given value, own *scope) {
	if object := run.all.info.Defs[name]; object != nil {
		own.values[object] = given
	} else if object := run.all.info.Uses[name]; object != nil {
		own.set(object, given)
	}
}

func (run *registration) branch(given *ast.IfStmt, own *scope) (value, bool) {
	if given.Init != nil {
		run.statement(given.Init, own)
	}
	condition := run.eval(given.Cond, own).truth
	if condition == nil || *condition {
		if result, returned := run.block(given.Body, inner(own)); returned && condition != nil {
			return result, true
		}
	}
	if given.Else != nil && (condition == nil || !*condition) {
		if result, returned := run.statement(given.Else, own); returned && condition != nil {
			return result, true
		}
	}
	return value{}, false
}

func (run *registration) loop(each *ast.RangeStmt, own *scope) {
	elements := run.eval(each.X, own).list
	if elements == nil {
		elements = []value{{}}
	}
	for _, element := range elements {
		within := inner(own)
		if name, ok := each.Value.(*ast.Ident); ok && each.Value != nil {
			run.assign(name, element, within)
		}
		run.block(each.Body, within)
	}
}

func text(given string) value  { return value{text: &given} }
func boolean(given bool) value { return value{truth: &given} }

func joined(left, right value) value {
	if left.text == nil || right.text == nil {
		return value{}
	}
	return text(*left.text + *right.text)
}

func (run *registration) eval(given ast.Expr, own *scope) value {
	if known, ok := run.all.info.Types[given]; ok && known.Value != nil {
		switch known.Value.Kind() {
		case constant.String:
			return text(constant.StringVal(known.Value))
		case constant.Bool:
			return boolean(constant.BoolVal(known.Value))
		}
	}
	switch each := given.(type) {
	case *ast.ParenExpr:
		return run.eval(each.X, own)
	case *ast.StarExpr:
		return run.eval(each.X, own)
	case *ast.Ident:
		return run.name(each, own)
	case *ast.SelectorExpr:
		return run.selected(each, own)
	case *ast.UnaryExpr:
		if each.Op == token.NOT {
			if truth := run.eval(each.X, own).truth; truth != nil {
				return boolean(!*truth)
			}
			return value{}
		}
		result := run.eval(each.X, own)
		result.of = run.typeOf(given)
		return result
	case *ast.BinaryExpr:
		return run.binary(each, own)
	case *ast.CompositeLit:
		return run.literal(each, own)
	case *ast.FuncLit:
		return value{function: each, within: own}
	case *ast.CallExpr:
		return run.called(each, own)
	}
	return value{of: run.typeOf(given)}
}

func (run *registration) typeOf(given ast.Expr) types.Type {
	return run.all.info.Types[given].Type
}

func (run *registration) name(name *ast.Ident, own *scope) value {
	object := run.all.info.Uses[name]
	if found, ok := own.get(object); ok {
		if found.of == nil {
			found.of = run.typeOf(name)
		}
		return found
	}
	// A text of the package, such as a list of names.
	if variable, ok := object.(*types.Var); ok {
		if initial := run.all.initial[variable]; initial != nil && run.depth < 60 {
			run.depth++
			defer func() { run.depth-- }()
			return run.eval(initial, inner(nil))
		}
	}
	return value{of: run.typeOf(name)}
}

func (run *registration) selected(given *ast.SelectorExpr, own *scope) value {
	if variable, ok := run.all.info.Uses[given.Sel].(*types.Var); ok && !variable.IsField() {
		if variable.Pkg().Path() == "flag" && variable.Name() == "CommandLine" {
			return value{flags: run.flags}
		}
		if initial := run.all.initial[variable]; initial != nil {
			return run.eval(initial, inner(nil))
		}
		return value{of: run.typeOf(given)}
	}
	under := run.eval(given.X, own)
	// A flag that is looked at is its name, and a set within another one is that.
	if under.kind != "" && given.Sel.Name == "Name" {
		return value{text: under.text}
	}
	if under.kind != "" && given.Sel.Name == "Value" {
		return value{kind: under.kind}
	}
	if under.flags != nil && given.Sel.Name == "FlagSet" {
		return value{flags: under.flags}
	}
	return value{of: run.typeOf(given)}
}

func (run *registration) binary(given *ast.BinaryExpr, own *scope) value {
	left, right := run.eval(given.X, own), run.eval(given.Y, own)
	switch given.Op {
	case token.ADD:
		return joined(left, right)
	case token.EQL, token.NEQ:
		if left.text != nil && right.text != nil {
			return boolean((*left.text == *right.text) == (given.Op == token.EQL))
		}
		// Whether a set is nil: it isn't.
		if left.flags != nil {
			return boolean(given.Op == token.NEQ)
		}
	case token.LAND:
		if left.truth != nil && right.truth != nil {
			return boolean(*left.truth && *right.truth)
		}
	case token.LOR:
		if left.truth != nil && right.truth != nil {
			return boolean(*left.truth || *right.truth)
		}
	}
	return value{}
}

func (run *registration) literal(given *ast.CompositeLit, own *scope) value {
	result := value{of: run.typeOf(given)}
	switch result.of.Underlying().(type) {
	case *types.Slice, *types.Array:
		result.list = []value{}
		for _, element := range given.Elts {
			result.list = append(result.list, run.eval(element, own))
		}
	}
	return result
}

// By the method that registers a flag, what it is, and where its name stands.
var registering = map[string]struct {
	kind string
	at   int
}{
	"Bool": {"bool", 0}, "BoolVar": {"bool", 1}, "BoolFunc": {"bool", 0}, "Func": {"any", 0}, "Var": {"", 1}, "TextVar": {"any", 1},
	"Int": {"int", 0}, "IntVar": {"int", 1}, "Int64": {"int", 0}, "Int64Var": {"int", 1},
	"Uint": {"uint", 0}, "UintVar": {"uint", 1}, "Uint64": {"uint", 0}, "Uint64Var": {"uint", 1},
	"Float64": {"float", 0}, "Float64Var": {"float", 1}, "String": {"text", 0}, "StringVar": {"text", 1},
	"Duration": {"duration", 0}, "DurationVar": {"duration", 1},
}

func (run *registration) called(given *ast.CallExpr, own *scope) value {
	if run.all.info.Types[given.Fun].IsType() {
		result := run.eval(given.Args[0], own)
		result.of = run.typeOf(given)
		return result
	}
	receiver := value{}
	selector, isMethod := ast.Unparen(given.Fun).(*ast.SelectorExpr)
	if isMethod && run.all.info.Selections[selector] != nil {
		receiver = run.eval(selector.X, own)
	}
	if receiver.flags != nil && isMethod {
		return run.ofSet(selector.Sel.Name, receiver, given, own)
	}
	arguments := make([]value, len(given.Args))
	for index, each := range given.Args {
		arguments[index] = run.eval(each, own)
	}
	if given.Ellipsis.IsValid() && len(arguments) > 0 {
		last := arguments[len(arguments)-1]
		arguments = append(arguments[:len(arguments)-1], last.list...)
	}
	function := run.functionOf(given, receiver)
	if function == nil {
		if called := run.eval(given.Fun, own); called.function != nil {
			return run.body(called.function.Type, called.function.Body, inner(called.within), arguments)
		}
		return value{}
	}
	switch nameOf(function) {
	case "flag.NewFlagSet":
		return value{flags: flagSet{}}
	case "fmt.Sprintf":
		return formatted(arguments)
	}
	if function.Name() == "NewFlagSetWithSkip" && len(arguments) == 2 {
		skip := map[string]bool{}
		for _, each := range arguments[1].list {
			if each.text != nil {
				skip[*each.text] = true
			}
		}
		return value{flags: arguments[0].flags, skip: skip}
	}
	if function.Pkg() != nil && function.Pkg().Path() == "strings" {
		return ofStrings(function.Name(), arguments)
	}
	if declared := run.all.functions[function.Origin()]; declared != nil {
		return run.call(declared, receiver, arguments)
	}
	return value{}
}

// Of an interface the method of what it holds.
func (run *registration) functionOf(given *ast.CallExpr, receiver value) *types.Func {
	called := ast.Unparen(given.Fun)
	if generic, ok := called.(*ast.IndexExpr); ok {
		called = generic.X
	}
	if name, ok := called.(*ast.Ident); ok {
		function, _ := run.all.info.Uses[name].(*types.Func)
		return function
	}
	selector, ok := called.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	function, _ := run.all.info.Uses[selector.Sel].(*types.Func)
	if function == nil || receiver.of == nil {
		return function
	}
	if own := function.Type().(*types.Signature).Recv(); own != nil && types.IsInterface(own.Type()) {
		found, _, _ := types.LookupFieldOrMethod(receiver.of, true, function.Pkg(), function.Name())
		function, _ = found.(*types.Func)
	}
	return function
}

func (run *registration) ofSet(method string, set value, given *ast.CallExpr, own *scope) value {
	switch method {
	case "ToFlagSet":
		return value{flags: set.flags}
	case "VisitAll":
		visitor := run.eval(given.Args[0], own)
		for name, kind := range set.flags {
			if visitor.function != nil {
				known := text(name)
				known.kind = kind
				run.body(visitor.function.Type, visitor.function.Body, inner(visitor.within), []value{known})
			}
		}
		return value{}
	}
	way, ok := registering[method]
	if !ok || len(given.Args) <= way.at {
		return value{}
	}
	name := run.eval(given.Args[way.at], own)
	if name.text == nil {
		fail("%s: the name of a flag can't be told", run.all.set.Position(given.Pos()))
	}
	if set.skip[*name.text] {
		return value{}
	}
	kind := way.kind
	if kind == "" {
		kind = run.kindOf(given.Args[0], own)
	}
	set.flags[*name.text] = kind
	return value{}
}

// What a flag with a reader of its own takes, where that can be told.
func (run *registration) kindOf(reader ast.Expr, own *scope) string {
	given := run.typeOf(reader)
	if types.IsInterface(given) {
		found := run.eval(reader, own)
		if found.kind != "" {
			return found.kind
		}
		if found.of != nil {
			given = found.of
		}
	}
	if has(given, "IsBoolFlag") {
		return "bool"
	}
	under := pointed(given)
	switch name := under.String(); {
	case strings.HasSuffix(name, "/model.Duration"), strings.HasSuffix(name, "dskit/log.Level"), strings.HasSuffix(name, "/flagext.ByteSize"):
		if kind, ok := run.all.fieldsOf(under, nil).(string); ok {
			return kind
		}
	}
	return "any"
}

func formatted(given []value) value {
	if len(given) == 0 || given[0].text == nil {
		return value{}
	}
	words := make([]any, len(given)-1)
	for index, each := range given[1:] {
		if each.text == nil {
			return value{}
		}
		words[index] = *each.text
	}
	return text(fmt.Sprintf(*given[0].text, words...))
}

func ofStrings(name string, given []value) value {
	words := make([]string, len(given))
	for index, each := range given {
		if each.text == nil {
			return value{}
		}
		words[index] = *each.text
	}
	switch name {
	case "HasSuffix":
		return boolean(strings.HasSuffix(words[0], words[1]))
	case "HasPrefix":
		return boolean(strings.HasPrefix(words[0], words[1]))
	case "Contains":
		return boolean(strings.Contains(words[0], words[1]))
	case "TrimSuffix":
		return text(strings.TrimSuffix(words[0], words[1]))
	case "TrimPrefix":
		return text(strings.TrimPrefix(words[0], words[1]))
	case "TrimRight":
		return text(strings.TrimRight(words[0], words[1]))
	case "ToLower":
		return text(strings.ToLower(words[0]))
	case "ReplaceAll":
		return text(strings.ReplaceAll(words[0], words[1], words[2]))
	}
	return value{}
}

// The modules that a program registers, and whether it hides each from those who name targets.
func (all *source) modules() map[string]bool {
	found := map[string]bool{}
	for _, declared := range all.functions {
		if declared.Body == nil {
			continue
		}
		ast.Inspect(declared.Body, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || !isCalled(call, "RegisterModule") || len(call.Args) < 2 {
				return true
			}
			if name := all.info.Types[call.Args[0]].Value; name != nil && name.Kind() == constant.String {
				last, _ := call.Args[len(call.Args)-1].(*ast.SelectorExpr)
				found[constant.StringVal(name)] = last != nil && last.Sel.Name == "UserInvisibleModule"
			}
			return true
		})
	}
	return found
}

func isCalled(call *ast.CallExpr, name string) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == name
}
