namespace Automation.Expressions.JavaScript.Syntax;

/// <summary>What the parser knows of the function it is in.</summary>
internal sealed class FunctionContext(FunctionNode node, FunctionContext? parent)
{
    public FunctionNode Node { get; } = node;
    public FunctionContext? Parent { get; } = parent;
    public bool Strict;
    public bool IsScript;
    public bool AwaitIsKeyword;
    public bool AllowReturn;
    public bool AllowSuperProperty;
    public bool AllowSuperCall;
    public bool AllowNewTarget;
    public bool ForbidArguments;
    public int LoopDepth;
    public int SwitchDepth;
    public List<(string Name, bool IsLoop)> Labels = [];
    public HashSet<string> VarNames = [];
}

/// <summary>A scope while it is parsed: finds names bound twice.</summary>
internal sealed class ParseScope(ParseScope? parent, FunctionContext function, bool isFunctionBody, ScopeDeclarations declarations)
{
    public ParseScope? Parent { get; } = parent;
    public FunctionContext Function { get; } = function;
    public bool IsFunctionBody { get; } = isFunctionBody;
    public ScopeDeclarations Declarations { get; } = declarations;
    public Dictionary<string, DeclarationKind> Lexical = [];
    public HashSet<string>? VarsThrough;
    public HashSet<string>? Parameters;
    public HashSet<string>? SimpleCatchParameters;
}

/// <summary>A class while it is parsed: which private names it declares and which are still unknown.</summary>
internal sealed class ClassContext(ClassContext? parent)
{
    public ClassContext? Parent { get; } = parent;

    /// <summary>Value: 'm' method or field, 'g' getter, 's' setter, 'b' both; capital when static.</summary>
    public Dictionary<string, char> Declared { get; } = [];

    public List<(string Name, int Offset)> Used { get; } = [];
}
