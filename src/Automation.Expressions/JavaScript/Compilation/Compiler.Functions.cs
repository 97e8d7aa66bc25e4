using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript.Compilation;

/// <content>Functions and classes.</content>
internal sealed partial class Compiler
{
    private FunctionCode CompileFunction(FunctionNode node, string? name)
    {
        CheckStack(node);
        var outerFunction = _function;
        var outerScope = _scope;
        _function = new FunctionState(node, outerFunction);
        _function.Root = _scope = NewScope(outerScope);
        var code = _function.Code;
        Describe(code, node, name);
        DeclareParameters(node);
        foreach (var variable in node.VarNames)
            Declare(variable, DeclarationKind.Var);
        DeclareLexical(node.Scope);
        HoistBlockFunctions(node);
        DeclareOwnName(code, node);
        CompileParameters(code, node);
        code.Functions = HoistFunctions(node.Scope);
        if (node.ExpressionBody is not null)
            code.ExpressionBody = Compile(node.ExpressionBody);
        else
            code.Body = CompileStatements(node.Body);
        if (node.IsDerivedConstructor)
            ThisSlot(_function, node.Start);
        code.Layout = _function.Root.Layout;
        code.LocalCount = _function.LocalCount;
        if (node.IsDerivedConstructor && _function.Root.Variables.TryGetValue("this", out var self))
        {
            self.IsChecked = true;
            code.ThisVariable!.Check = true;
        }

        _function = outerFunction;
        _scope = outerScope;
        return code;
    }

    private void Describe(FunctionCode code, FunctionNode node, string? name)
    {
        code.Name = node.Name ?? name ?? "";
        code.TakesComputedName = node.Name is null;
        code.Length = node.Length;
        code.Source = _source;
        code.Start = node.Start;
        code.End = node.End;
        code.IsArrow = node.IsArrow;
        code.IsAsync = node.IsAsync;
        code.IsStrict = node.IsStrict;
        code.IsMethod = node.IsMethod;
        code.IsClassConstructor = node.IsClassConstructor;
        code.IsDerivedConstructor = node.IsDerivedConstructor;
    }

    private void DeclareParameters(FunctionNode node)
    {
        foreach (var parameter in node.Parameters)
        {
            if (parameter is Identifier identifier)
                DeclareParameter(node, identifier, parameter.End);
            else
                DeclareNames(node, parameter is SpreadElement rest ? rest.Argument : parameter, parameter.End);
        }
    }

    private void DeclareNames(FunctionNode node, Node? target, int end)
    {
        switch (target)
        {
            case Identifier identifier:
                DeclareParameter(node, identifier, end);
                break;
            case DefaultPattern withDefault:
                DeclareNames(node, withDefault.Target, end);
                break;
            case ArrayPattern array:
                foreach (var element in array.Elements)
                    DeclareNames(node, element, end);
                DeclareNames(node, array.Rest, end);
                break;
            case ObjectPattern pattern:
                foreach (var property in pattern.Properties)
                    DeclareNames(node, property.Value, end);
                DeclareNames(node, pattern.Rest, end);
                break;
        }
    }

    private void DeclareParameter(FunctionNode node, Identifier identifier, int end)
    {
        if (node.HasSimpleParameters)
        {
            // Of two parameters with one name (sloppy code) the last counts.
            _scope.Declare(identifier.Name, DeclarationKind.Parameter);
            return;
        }

        Declare(identifier.Name, DeclarationKind.Let).InitializedFrom = end;
    }

    private void DeclareOwnName(FunctionCode code, FunctionNode node)
    {
        if (!node.IsExpression || node.Name is null || _scope.Variables.ContainsKey(node.Name))
            return;
        var variable = Declare(node.Name, DeclarationKind.Function);
        variable.IsOwnName = true;
        code.SelfVariable = SlotIn(_function, variable);
    }

    private void CompileParameters(FunctionCode code, FunctionNode node)
    {
        if (node.HasSimpleParameters)
        {
            code.SimpleParameters = [.. node.Parameters.Select((p, i) => SimpleParameter((Identifier)p, i))];
            return;
        }

        code.Parameters =
        [
            .. node.Parameters.Select(p => p switch
            {
                SpreadElement rest => new ParameterCode(CompileBinding(rest.Argument, DeclarationKind.Parameter), Default: null, IsRest: true),
                DefaultPattern { Target: var target, Value: var value } =>
                    new ParameterCode(CompileBinding(target, DeclarationKind.Parameter), CompileNamed(value, (target as Identifier)?.Name), IsRest: false),
                _ => new ParameterCode(CompileBinding(p, DeclarationKind.Parameter), Default: null, IsRest: false),
            }),
        ];
    }

    private VariableSlot SimpleParameter(Identifier identifier, int index)
    {
        // Parameters are the first to get places, in their order. Of those with one name the last has the variable.
        var variable = _scope.Variables[identifier.Name];
        return variable.Local == index ? SlotIn(_function, variable) : new VariableSlot(identifier.Name) { Index = _function.LocalCount++ };
    }

    private ClassExpr CompileClass(ClassNode node, string? name)
    {
        CheckStack(node);
        var outer = PushScope();
        VariableSlot? inner = null;
        if (node.Name is not null)
            Declare(node.Name, DeclarationKind.Const).InitializedFrom = node.End;
        var privateSlots = new List<VariableSlot>();
        foreach (var privateName in node.PrivateNames ?? [])
            privateSlots.Add(Slot(Declare(privateName, DeclarationKind.Var), node.Start));
        var heritage = node.Heritage is null ? null : Compile(node.Heritage);
        var constructor = node.Constructor is null ? DefaultConstructor(node, name) : CompileFunction(node.Constructor, node.Name ?? name);
        constructor.Start = node.Start;
        constructor.End = node.End;
        var members = node.Elements.Select(CompileClassElement).ToArray();
        if (node.Name is not null)
            inner = Slot(_scope.Variables[node.Name], node.Start);
        var layout = _scope.Layout;
        _scope = outer;
        return new ClassExpr(constructor, heritage, members, inner, [.. privateSlots], layout, node.Start);
    }

    private FunctionCode DefaultConstructor(ClassNode node, string? name) => new()
    {
        Name = node.Name ?? name ?? "",
        TakesComputedName = node.Name is null,
        Source = _source,
        IsStrict = true,
        IsMethod = true,
        IsClassConstructor = true,
        IsDerivedConstructor = node.Heritage is not null,
        IsDefaultConstructor = true,
        SimpleParameters = [],
    };

    private ClassMemberCode CompileClassElement(ClassElement element)
    {
        if (element.Kind == ClassElementKind.StaticBlock)
            return new ClassMemberCode(element.Kind, IsStatic: true, Key: null, IsPrivate: false, CompileFunction(element.Function!, ""), NamesFunction: false);
        var literal = element.Computed ? null : ((Literal)element.Key!).Value.AsString();
        var key = element.IsPrivate ? PrivateName(literal!, element.Start) : Compile(element.Key!);
        var namesFunction = element.Function?.ExpressionBody is FunctionExpression { Function.Name: null } or ClassExpression { Definition.Name: null };
        var code = element.Function is null ? null : CompileFunction(element.Function, literal ?? "");
        return new ClassMemberCode(element.Kind, element.IsStatic, key, element.IsPrivate, code, namesFunction);
    }
}
