using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript.Compilation;

/// <summary>A variable while its source is compiled.</summary>
internal sealed class Variable(string name, DeclarationKind kind, CompileScope scope, int local)
{
    public string Name { get; } = name;
    public DeclarationKind Kind { get; } = kind;
    public CompileScope Scope { get; } = scope;

    /// <summary>Its place in the frame, unless a closure shares it.</summary>
    public int Local { get; } = local;

    /// <summary>Its place in the environment, once known.</summary>
    public int Shared = -1;

    public bool IsCaptured;

    /// <summary>Some use may come before it is initialised.</summary>
    public bool IsChecked;

    /// <summary>Uses from this offset on need no check.</summary>
    public int InitializedFrom = int.MaxValue;

    /// <summary>A function expression's own name, which assignments pass over.</summary>
    public bool IsOwnName;

    public bool NeedsInitialization => Kind is DeclarationKind.Let or DeclarationKind.Const or DeclarationKind.Class;
}

/// <summary>A scope while its source is compiled.</summary>
internal sealed class CompileScope(CompileScope? parent, FunctionState function)
{
    public CompileScope? Parent { get; } = parent;
    public FunctionState Function { get; } = function;
    public Dictionary<string, Variable> Variables { get; } = [];
    public ScopeLayout Layout { get; } = new();

    public Variable Declare(string name, DeclarationKind kind)
    {
        var variable = new Variable(name, kind, this, Function.LocalCount++);
        Variables[name] = variable;
        return variable;
    }
}

/// <summary>A function while it is compiled.</summary>
internal sealed class FunctionState(FunctionNode node, FunctionState? parent)
{
    public FunctionNode Node { get; } = node;
    public FunctionState? Parent { get; } = parent;
    public FunctionCode Code { get; } = new();
    public int LocalCount;
    public CompileScope Root = null!;

    /// <summary>Whether an expression awaits something: then it must be run step by step.</summary>
    public bool Awaits(Node node)
    {
        if (Node.AwaitPositions.Count == 0)
            return false;
        var at = Node.AwaitPositions.BinarySearch(node.Start);
        if (at < 0)
            at = ~at;
        return at < Node.AwaitPositions.Count && Node.AwaitPositions[at] < node.End;
    }
}
