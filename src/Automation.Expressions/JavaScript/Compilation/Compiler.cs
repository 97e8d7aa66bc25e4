using System.Runtime.CompilerServices;
using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Runtime;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript.Compilation;

/// <summary>What a source compiles to.</summary>
internal sealed record CompiledProgram(FunctionCode Code, IReadOnlyCollection<string> FreeNames, IReadOnlyCollection<string> MemberPaths, GlobalPath? Path);

/// <summary>A source that only reads <c>a.b.c</c>.</summary>
internal sealed record GlobalPath(string Root, string[] Names);

/// <summary>
/// Turns a syntax tree into executable nodes in one pass. Whether a variable is shared with closures is known only at the end, so nodes
/// hold slots, which are filled in then.
/// </summary>
internal sealed partial class Compiler
{
    private readonly string _source;
    private readonly List<CompileScope> _scopes = [];
    private readonly List<(VariableSlot Slot, Variable Variable, CompileScope Site)> _references = [];
    private readonly SortedSet<string> _freeNames = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _memberPaths = new(StringComparer.Ordinal);
    private FunctionState _function = null!;
    private CompileScope _scope = null!;

    private Compiler(string source) => _source = source;

    public static CompiledProgram Compile(string source, FunctionNode program)
    {
        var compiler = new Compiler(source);
        var code = compiler.CompileProgram(program);
        compiler.FillSlots();
        return new CompiledProgram(code, [.. compiler._freeNames], [.. compiler._memberPaths], FindPath(program));
    }

    private FunctionCode CompileProgram(FunctionNode program)
    {
        _function = new FunctionState(program, parent: null);
        _function.Root = _scope = NewScope(parent: null);
        foreach (var name in program.VarNames)
            Declare(name, DeclarationKind.Var);
        DeclareLexical(program.Scope);
        HoistBlockFunctions(program);
        var code = _function.Code;
        code.IsScript = true;
        code.IsStrict = program.IsStrict;
        code.IsAsync = program.IsAsync;
        code.Source = _source;
        code.Functions = HoistFunctions(program.Scope);
        code.Body = CompileStatements(program.Body);
        code.Layout = _function.Root.Layout;
        code.LocalCount = _function.LocalCount;
        return code;
    }

    private static GlobalPath? FindPath(FunctionNode program)
    {
        if (program.Body is not [ExpressionStatement { Expression: var expression }] || program.VarNames.Count > 0)
            return null;
        var names = new List<string>();
        while (expression is MemberExpression { Optional: false, IsPrivateName: false } member)
        {
            names.Add(member.Name);
            expression = member.Target;
        }

        if (expression is not Identifier root || names.Count == 0)
            return null;
        names.Reverse();
        return new GlobalPath(root.Name, [.. names]);
    }

    // ---- scopes and variables ----

    private CompileScope NewScope(CompileScope? parent)
    {
        var scope = new CompileScope(parent, _function);
        _scopes.Add(scope);
        return scope;
    }

    private CompileScope PushScope()
    {
        var outer = _scope;
        _scope = NewScope(outer);
        return outer;
    }

    private Variable Declare(string name, DeclarationKind kind) =>
        _scope.Variables.TryGetValue(name, out var known) ? known : _scope.Declare(name, kind);

    private void DeclareLexical(ScopeDeclarations declarations)
    {
        foreach (var declaration in declarations.Lexical)
            Declare(declaration.Name, declaration.Kind).InitializedFrom = declaration.InitializedFrom;
        foreach (var function in declarations.Functions)
            Declare(function.Name!, DeclarationKind.Function);
    }

    private void HoistBlockFunctions(FunctionNode node)
    {
        if (node.HoistedBlockFunctions is null)
            return;
        foreach (var name in node.HoistedBlockFunctions)
        {
            if (!_scope.Variables.ContainsKey(name))
                Declare(name, DeclarationKind.Var);
        }
    }

    private HoistedFunction[] HoistFunctions(ScopeDeclarations declarations)
    {
        if (declarations.Functions.Count == 0)
            return [];

        // Of two functions with one name the later counts.
        var last = new Dictionary<string, FunctionNode>();
        foreach (var function in declarations.Functions)
            last[function.Name!] = function;
        return [.. last.Values.Select(function => new HoistedFunction(Slot(_scope.Variables[function.Name!], function.Start), CompileFunction(function, function.Name)))];
    }

    private VariableSlot Slot(Variable variable, int position)
    {
        if (!ReferenceEquals(variable.Scope.Function, _function))
            variable.IsCaptured = true;
        var slot = new VariableSlot(variable.Name) { Position = position };
        _references.Add((slot, variable, _scope));
        return slot;
    }

    /// <summary>The slot for reading or assigning a variable at a place in the source.</summary>
    private VariableSlot Use(Variable variable, int position)
    {
        var slot = Slot(variable, position);
        if (variable.NeedsInitialization && !IsSurelyInitialized(variable, position))
        {
            variable.IsChecked = true;
            slot.Check = true;
        }

        return slot;
    }

    private bool IsSurelyInitialized(Variable variable, int position)
    {
        if (position < variable.InitializedFrom)
            return false;

        // A function declaration can be called from above the text it stands in.
        for (var f = _function; !ReferenceEquals(f, variable.Scope.Function); f = f.Parent!)
        {
            if (f.Node.IsDeclaration)
                return false;
        }

        return true;
    }

    private Variable? Find(string name)
    {
        for (var scope = _scope; scope is not null; scope = scope.Parent)
        {
            if (scope.Variables.TryGetValue(name, out var variable))
                return variable;
            if (name == "arguments" && ReferenceEquals(scope, scope.Function.Root) && HasArguments(scope.Function))
                return ArgumentsOf(scope.Function);
        }

        return null;
    }

    private static bool HasArguments(FunctionState function) =>
        !function.Node.IsArrow && function.Parent is not null && !function.Node.IsClassInitializer;

    private Variable ArgumentsOf(FunctionState function)
    {
        var variable = function.Root.Declare("arguments", DeclarationKind.Var);
        function.Code.ArgumentsVariable = SlotIn(function, variable);
        return variable;
    }

    /// <summary>A slot used on entering a function, whose scope is then its root.</summary>
    private VariableSlot SlotIn(FunctionState function, Variable variable)
    {
        var slot = new VariableSlot(variable.Name);
        _references.Add((slot, variable, function.Root));
        return slot;
    }

    /// <summary>The nearest function that has a <c>this</c> of its own; null for the script.</summary>
    private FunctionState? ThisFunction()
    {
        var function = _function;
        while (function.Node.IsArrow && function.Parent is not null)
            function = function.Parent;
        return function.Parent is null ? null : function;
    }

    private Variable Special(FunctionState function, string name, ref VariableSlot? field)
    {
        if (function.Root.Variables.TryGetValue(name, out var variable))
            return variable;
        variable = function.Root.Declare(name, DeclarationKind.Var);
        field = SlotIn(function, variable);
        return variable;
    }

    private Expr CompileThis(int position)
    {
        var function = ThisFunction();
        if (function is null)
            return new GlobalThisExpr();
        if (ReferenceEquals(function, _function) && !function.Node.IsDerivedConstructor)
            return new ThisExpr();
        return new VariableExpr(ThisSlot(function, position));
    }

    private VariableSlot ThisSlot(FunctionState function, int position)
    {
        var variable = Special(function, "this", ref function.Code.ThisVariable);
        var slot = Slot(variable, position);
        slot.Check = function.Node.IsDerivedConstructor;
        return slot;
    }

    private Expr CompileActiveFunction()
    {
        var function = ThisFunction()!;
        if (ReferenceEquals(function, _function))
            return new CalleeExpr();
        return new VariableExpr(Slot(Special(function, "%function", ref function.Code.FunctionVariable), 0));
    }

    private Expr CompileNewTarget()
    {
        var function = ThisFunction();
        if (function is null)
            return new ConstantExpr(default);
        if (ReferenceEquals(function, _function))
            return new NewTargetExpr();
        return new VariableExpr(Slot(Special(function, "new.target", ref function.Code.NewTargetVariable), 0));
    }

    /// <summary>Settles which variables lie in frames and which in environments, and tells every slot.</summary>
    private void FillSlots()
    {
        foreach (var scope in _scopes)
        {
            var layout = scope.Layout;
            List<int>? locals = null;
            List<int>? shared = null;
            foreach (var variable in scope.Variables.Values)
            {
                if (variable.IsCaptured)
                    variable.Shared = layout.EnvironmentSize++;
                if (variable.IsChecked)
                    (variable.IsCaptured ? shared ??= [] : locals ??= []).Add(variable.IsCaptured ? variable.Shared : variable.Local);
            }

            if (locals is not null)
                layout.UninitializedLocals = [.. locals];
            if (shared is not null)
                layout.UninitializedShared = [.. shared];
        }

        foreach (var (slot, variable, site) in _references)
        {
            if (!variable.IsCaptured)
            {
                slot.Index = variable.Local;
                continue;
            }

            slot.Index = variable.Shared;
            var depth = 0;
            for (var scope = site; !ReferenceEquals(scope, variable.Scope); scope = scope.Parent!)
            {
                if (scope.Layout.EnvironmentSize > 0)
                    depth++;
            }

            slot.Depth = depth;
        }
    }

    private void CheckStack(Node node)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw SyntaxErrors.Limit(_source, node.Start, "The source is nested too deeply (MaxSourceDepth)");
    }

    private ExpressionException NotSupported(Node node, string what) => SyntaxErrors.NotSupported(_source, node.Start, what);

    /// <summary>The source text of an expression, shortened, for an error message.</summary>
    private string TextOf(Node node)
    {
        var text = _source[node.Start..Math.Max(node.Start, node.End)];
        if (node is FunctionExpression or CallExpression { Callee: FunctionExpression })
            return "(intermediate value)";
        return text.Length <= 60 && !text.Contains('\n') ? text : text[..Math.Min(57, text.Length)].ReplaceLineEndings(" ") + "…";
    }
}
