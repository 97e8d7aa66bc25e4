namespace Automation.Expressions.JavaScript.Syntax;

internal enum DeclarationKind
{
    Var,
    Let,
    Const,
    Class,
    Function,
    Parameter,
    CatchParameter,
}

/// <summary>A name bound in a scope, and from where on it may be read without a check.</summary>
internal sealed class Declaration(string name, DeclarationKind kind, int start)
{
    public string Name { get; } = name;
    public DeclarationKind Kind { get; } = kind;
    public int Start { get; } = start;

    /// <summary>Past the end of the declarator: what stands after it sees an initialised variable.</summary>
    public int InitializedFrom = int.MaxValue;
}

/// <summary>What a block or body binds; collected while parsing.</summary>
internal sealed class ScopeDeclarations
{
    public List<Declaration> Lexical { get; } = [];
    public List<FunctionNode> Functions { get; } = [];
}

internal sealed class FunctionNode : Node
{
    public string? Name;
    public List<Node> Parameters = [];
    public List<Node> Body = [];
    public ScopeDeclarations Scope = new();
    public List<string> VarNames = [];

    /// <summary>Names of functions in blocks that sloppy code also sees as variables of the function.</summary>
    public HashSet<string>? HoistedBlockFunctions;

    /// <summary>The body is one expression (an arrow without braces).</summary>
    public Node? ExpressionBody;

    public bool IsArrow;
    public bool IsAsync;
    public bool IsStrict;
    public bool IsMethod;
    public bool IsGetter;
    public bool IsSetter;
    public bool IsClassConstructor;
    public bool IsDerivedConstructor;
    public bool IsDeclaration;
    public bool IsExpression;

    /// <summary>The class's field initialisers or static block, run as a method.</summary>
    public bool IsClassInitializer;

    public bool HasSimpleParameters = true;
    public List<int> AwaitPositions = [];

    /// <summary>The parameter count before the first default or rest: the function's <c>length</c>.</summary>
    public int Length;
}

internal sealed class FunctionExpression(FunctionNode function) : Node
{
    public FunctionNode Function { get; } = function;
}

internal sealed class FunctionDeclaration(FunctionNode function) : Node
{
    public FunctionNode Function { get; } = function;
}

internal enum ClassElementKind
{
    Method,
    Getter,
    Setter,
    Field,
    StaticBlock,
}

internal sealed class ClassElement : Node
{
    public ClassElementKind Kind;
    public bool IsStatic;
    public bool Computed;
    public bool IsPrivate;

    /// <summary>A literal or identifier name, a computed expression, or null for a static block.</summary>
    public Node? Key;

    /// <summary>The method; for a field its initialiser as a method; null for a field without one.</summary>
    public FunctionNode? Function;
}

internal sealed class ClassNode : Node
{
    public string? Name;
    public Node? Heritage;
    public FunctionNode? Constructor;
    public List<ClassElement> Elements = [];
    public HashSet<string>? PrivateNames;
}

internal sealed class ClassExpression(ClassNode definition) : Node
{
    public ClassNode Definition { get; } = definition;
}

internal sealed class ClassDeclaration(ClassNode definition) : Node
{
    public ClassNode Definition { get; } = definition;
}

internal sealed class VariableDeclarator(Node target, Node? initializer) : Node
{
    public Node Target { get; } = target;
    public Node? Initializer { get; } = initializer;
}

internal sealed class VariableStatement(DeclarationKind kind, List<VariableDeclarator> declarators) : Node
{
    public DeclarationKind Kind { get; } = kind;
    public List<VariableDeclarator> Declarators { get; } = declarators;
}

internal sealed class ExpressionStatement(Node expression) : Node
{
    public Node Expression { get; } = expression;
}

internal sealed class BlockStatement(List<Node> body, ScopeDeclarations scope) : Node
{
    public List<Node> Body { get; } = body;
    public ScopeDeclarations Scope { get; } = scope;
}

internal sealed class EmptyStatement : Node;

internal sealed class IfStatement(Node test, Node then, Node? otherwise) : Node
{
    public Node Test { get; } = test;
    public Node Then { get; } = then;
    public Node? Otherwise { get; } = otherwise;
}

internal sealed class ForStatement(Node? initializer, Node? test, Node? update, Node body, ScopeDeclarations scope) : Node
{
    public Node? Initializer { get; } = initializer;
    public Node? Test { get; } = test;
    public Node? Update { get; } = update;
    public Node Body { get; } = body;
    public ScopeDeclarations Scope { get; } = scope;
}

internal enum ForEachKind
{
    In,
    Of,
    AwaitOf,
}

internal sealed class ForEachStatement(ForEachKind kind, DeclarationKind? declaration, Node target, Node source, Node body, ScopeDeclarations scope) : Node
{
    public ForEachKind Kind { get; } = kind;

    /// <summary>How the loop variable is declared; null when the loop assigns to an existing target.</summary>
    public DeclarationKind? Declaration { get; } = declaration;

    public Node Target { get; } = target;
    public Node Source { get; } = source;
    public Node Body { get; } = body;
    public ScopeDeclarations Scope { get; } = scope;
}

internal sealed class WhileStatement(Node test, Node body) : Node
{
    public Node Test { get; } = test;
    public Node Body { get; } = body;
}

internal sealed class DoWhileStatement(Node body, Node test) : Node
{
    public Node Body { get; } = body;
    public Node Test { get; } = test;
}

internal sealed class SwitchCase(Node? test, List<Node> body)
{
    public Node? Test { get; } = test;
    public List<Node> Body { get; } = body;
}

internal sealed class SwitchStatement(Node subject, List<SwitchCase> cases, ScopeDeclarations scope) : Node
{
    public Node Subject { get; } = subject;
    public List<SwitchCase> Cases { get; } = cases;
    public ScopeDeclarations Scope { get; } = scope;
}

internal sealed class LabeledStatement(string label, Node body) : Node
{
    public string Label { get; } = label;
    public Node Body { get; } = body;
}

internal sealed class BreakStatement(string? label) : Node
{
    public string? Label { get; } = label;
}

internal sealed class ContinueStatement(string? label) : Node
{
    public string? Label { get; } = label;
}

internal sealed class ReturnStatement(Node? value) : Node
{
    public Node? Value { get; } = value;
}

internal sealed class ThrowStatement(Node value) : Node
{
    public Node Value { get; } = value;
}

internal sealed class TryStatement(BlockStatement block, Node? parameter, ScopeDeclarations? catchScope, BlockStatement? handler, BlockStatement? finalizer) : Node
{
    public BlockStatement Block { get; } = block;
    public Node? Parameter { get; } = parameter;
    public ScopeDeclarations? CatchScope { get; } = catchScope;
    public BlockStatement? Handler { get; } = handler;
    public BlockStatement? Finalizer { get; } = finalizer;
}
