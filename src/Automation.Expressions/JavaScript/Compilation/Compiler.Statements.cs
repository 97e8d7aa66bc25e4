using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript.Compilation;

/// <content>Statements and patterns.</content>
internal sealed partial class Compiler
{
    private static readonly EmptyStmt Empty = new();

    private Stmt[] CompileStatements(List<Node> nodes)
    {
        var statements = new List<Stmt>(nodes.Count);
        foreach (var node in nodes)
        {
            var statement = CompileStatement(node, []);
            if (!ReferenceEquals(statement, Empty))
                statements.Add(statement);
        }

        return [.. statements];
    }

    private Stmt CompileStatement(Node node, string[] labels)
    {
        CheckStack(node);
        switch (node)
        {
            case ExpressionStatement expression:
                return new ExpressionStmt(Compile(expression.Expression), keepsValue: _function.Parent is null);
            case VariableStatement declaration:
                return CompileDeclaration(declaration);
            case ReturnStatement result:
                return new ReturnStmt(result.Value is null ? null : Compile(result.Value));
            case IfStatement conditional:
                return new IfStmt(Compile(conditional.Test), CompileStatement(conditional.Then, []), conditional.Otherwise is null ? null : CompileStatement(conditional.Otherwise, []));
            case BlockStatement block:
                return CompileBlock(block);
            case FunctionDeclaration function:
                return CompileFunctionDeclaration(function);
            case ClassDeclaration type:
                var place = new VariablePlace(Slot(_scope.Variables[type.Definition.Name!], node.Start), VariableWrite.Initialize, node.Start);
                return new DeclareStmt(place, CompileClass(type.Definition, name: null), isPattern: false);
            case ForStatement or ForEachStatement or WhileStatement or DoWhileStatement:
                return CompileLoop(node, labels);
            case SwitchStatement choice:
                return CompileSwitch(choice);
            case LabeledStatement labeled:
                return new LabeledStmt(labeled.Label, CompileStatement(labeled.Body, [.. labels, labeled.Label]));
            case BreakStatement jump:
                return new JumpStmt(Completion.Break, jump.Label);
            case ContinueStatement jump:
                return new JumpStmt(Completion.Continue, jump.Label);
            case ThrowStatement thrown:
                return new ThrowStmt(Compile(thrown.Value), thrown.Start);
            case TryStatement attempt:
                return CompileTry(attempt);
            default:
                return Empty;
        }
    }

    private Stmt CompileDeclaration(VariableStatement declaration)
    {
        var statements = new List<Stmt>();
        foreach (var declarator in declaration.Declarators)
        {
            // `var x;` leaves x as it is, `let x;` makes it undefined each time it is passed.
            if (declarator.Initializer is null && declaration.Kind == DeclarationKind.Var)
                continue;
            var isPattern = declarator.Target is not Identifier;
            var name = (declarator.Target as Identifier)?.Name;
            var place = CompileBinding(declarator.Target, declaration.Kind, declarator.Initializer);
            var value = declarator.Initializer is null ? null : CompileNamed(declarator.Initializer, name);
            statements.Add(new DeclareStmt(place, value, isPattern));
        }

        return statements.Count switch
        {
            0 => Empty,
            1 => statements[0],
            _ => new BlockStmt([.. statements], new ScopeLayout(), []),
        };
    }

    private Stmt CompileBlock(BlockStatement block)
    {
        var outer = PushScope();
        DeclareLexical(block.Scope);
        var functions = HoistFunctions(block.Scope);
        var statements = CompileStatements(block.Body);
        var layout = _scope.Layout;
        _scope = outer;
        return new BlockStmt(statements, layout, functions);
    }

    private Stmt CompileFunctionDeclaration(FunctionDeclaration declaration)
    {
        var name = declaration.Function.Name!;
        if (ReferenceEquals(_scope, _function.Root) || _function.Node.HoistedBlockFunctions?.Contains(name) != true)
            return Empty;
        if (!_scope.Variables.TryGetValue(name, out var inner) || !_function.Root.Variables.TryGetValue(name, out var outer) || outer.NeedsInitialization)
            return Empty;
        return new CopyFunctionStmt(Slot(inner, declaration.Start), Slot(outer, declaration.Start));
    }

    private Stmt CompileLoop(Node node, string[] labels)
    {
        switch (node)
        {
            case WhileStatement loop:
                return new WhileStmt(Compile(loop.Test), CompileStatement(loop.Body, []), testFirst: true, labels);
            case DoWhileStatement loop:
                return new WhileStmt(Compile(loop.Test), CompileStatement(loop.Body, []), testFirst: false, labels);
            case ForStatement loop:
                return CompileFor(loop, labels);
            default:
                return CompileForEach((ForEachStatement)node, labels);
        }
    }

    private Stmt CompileFor(ForStatement loop, string[] labels)
    {
        var outer = PushScope();
        DeclareLexical(loop.Scope);
        Stmt? initializer = loop.Initializer switch
        {
            null => null,
            VariableStatement declaration => CompileDeclaration(declaration),
            var expression => new ExpressionStmt(Compile(expression), keepsValue: false),
        };
        var test = loop.Test is null ? null : Compile(loop.Test);
        var update = loop.Update is null ? null : Compile(loop.Update);
        var body = CompileStatement(loop.Body, []);
        var layout = _scope.Layout;
        _scope = outer;
        return new ForStmt(initializer, test, update, body, layout, labels);
    }

    private Stmt CompileForEach(ForEachStatement loop, string[] labels)
    {
        var outer = PushScope();
        DeclareLexical(loop.Scope);
        var source = Compile(loop.Source);
        var target = loop.Declaration is { } kind ? CompileBinding(loop.Target, kind) : CompilePlace(loop.Target);
        var body = CompileStatement(loop.Body, []);
        var layout = _scope.Layout;
        _scope = outer;
        return loop.Kind == ForEachKind.In
            ? new ForInStmt(target, source, body, layout, labels)
            : new ForOfStmt(target, source, body, layout, loop.Kind == ForEachKind.AwaitOf, labels, TextOf(loop.Source), loop.Source.Start);
    }

    private Stmt CompileSwitch(SwitchStatement choice)
    {
        var subject = Compile(choice.Subject);
        var outer = PushScope();
        DeclareLexical(choice.Scope);
        var functions = HoistFunctions(choice.Scope);
        var cases = choice.Cases.Select(c => (c.Test is null ? null : Compile(c.Test), CompileStatements(c.Body))).ToArray();
        var layout = _scope.Layout;
        _scope = outer;
        return new SwitchStmt(subject, cases, layout, functions);
    }

    private Stmt CompileTry(TryStatement attempt)
    {
        var block = CompileBlock(attempt.Block);
        Place? parameter = null;
        ScopeLayout? layout = null;
        Stmt? handler = null;
        if (attempt.Handler is not null)
        {
            var outer = PushScope();
            DeclareLexical(attempt.CatchScope!);
            if (attempt.Parameter is not null)
                parameter = CompileBinding(attempt.Parameter, DeclarationKind.CatchParameter);
            handler = CompileBlock(attempt.Handler);
            layout = _scope.Layout;
            _scope = outer;
        }

        return new TryStmt(block, parameter, layout, handler, attempt.Finalizer is null ? null : CompileBlock(attempt.Finalizer));
    }

    // ---- patterns ----

    /// <summary>The target of a declaration: initialises its variables, from a source if there is one.</summary>
    private Place CompileBinding(Node target, DeclarationKind kind, Node? source = null) =>
        target is Identifier identifier
            ? new VariablePlace(Slot(Find(identifier.Name)!, identifier.Start), VariableWrite.Initialize, identifier.Start)
            : CompilePattern(target, kind, source);

    private Place CompilePattern(Node pattern, DeclarationKind? declaration, Node? source = null)
    {
        var text = source is null ? null : TextOf(source);
        CheckStack(pattern);
        switch (pattern)
        {
            case ArrayPattern array:
                return new ArrayPatternPlace(
                    [.. array.Elements.Select(e => e is null ? null : CompilePatternElement(e, declaration))],
                    array.Rest is null ? null : CompileTarget(array.Rest, declaration),
                    pattern.Start,
                    text);
            case ObjectPattern literal:
                return new ObjectPatternPlace(
                    [.. literal.Properties.Select(p => CompilePatternProperty(p, declaration))],
                    literal.Rest is null ? null : CompileTarget(literal.Rest, declaration),
                    pattern.Start,
                    text);
            default:
                return CompileTarget(pattern, declaration);
        }
    }

    private PatternProperty CompilePatternProperty(PropertyNode property, DeclarationKind? declaration)
    {
        var name = property.Computed ? null : ((Literal)property.Key).Value.AsString();
        var key = property.Computed ? Compile(property.Key) : null;
        return new PatternProperty(name, key, CompilePatternElement(property.Value, declaration));
    }

    private PatternElement CompilePatternElement(Node element, DeclarationKind? declaration) =>
        element is DefaultPattern withDefault
            ? new PatternElement(CompileTarget(withDefault.Target, declaration), CompileNamed(withDefault.Value, (withDefault.Target as Identifier)?.Name))
            : new PatternElement(CompileTarget(element, declaration), Default: null);

    private Place CompileTarget(Node target, DeclarationKind? declaration) =>
        target is ArrayPattern or ObjectPattern ? CompilePattern(target, declaration)
        : declaration is { } kind ? CompileBinding(target, kind)
        : CompilePlace(target);
}
