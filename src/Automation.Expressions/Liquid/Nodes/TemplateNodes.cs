using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Nodes;

/// <summary>What <c>render</c> and <c>include</c> hand to the other template.</summary>
/// <param name="Value">The value after <c>with</c> or <c>for</c>, or null.</param>
/// <param name="Alias">Its name there; null for the template's own name.</param>
/// <param name="Arguments">Further values by name.</param>
internal sealed record Handover(Expression? Value, string? Alias, KeyValuePair<string, Expression>[] Arguments)
{
    /// <summary>The name of the value: the alias, or the template's name without folders.</summary>
    public string NameIn(string template) => Alias ?? template[(template.LastIndexOf('/') + 1)..];

    public object?[] Evaluate(RenderContext context)
    {
        context.Step(Arguments.Length);
        context.Allocate(64L * Arguments.Length);
        return Array.ConvertAll(Arguments, argument => argument.Value.Evaluate(context));
    }
}

/// <summary><c>render</c>: the other template sees only what is handed to it, and leaves nothing behind but text.</summary>
internal sealed class RenderNode(string name, Handover handover, bool isLoop, int offset) : Node
{
    public override Flow Render(RenderContext context)
    {
        context.BeginStatement(offset);
        var template = context.Load(name);
        var arguments = handover.Evaluate(context);
        var value = handover.Value?.Evaluate(context);
        var items = isLoop && (Items.IsArray(value) || Members.IsObject(value)) ? LoopItems.Collect(context, value) : null;
        var held = context.Keep();
        if (items is null)
        {
            Call(context, template, arguments, value, null);
        }
        else
        {
            var loop = new ForLoop(name, items.Count, null);
            for (; loop.Round < items.Count; loop.Round++)
            {
                context.BeginStatement(offset);
                Call(context, template, arguments, Plain.From(items[loop.Round]), loop);
            }
        }

        context.Release(held);
        return Flow.Next;
    }

    private void Call(RenderContext context, CompiledTemplate template, object?[] arguments, object? value, ForLoop? loop)
    {
        var scope = new VariableScope(template, null);
        if (loop is not null)
            scope.Cell("forloop").Assigned = loop;
        for (var i = 0; i < arguments.Length; i++)
            scope.Cell(handover.Arguments[i].Key).Assigned = arguments[i];
        if (value is not null)
            scope.Cell(handover.NameIn(name)).Assigned = value;
        context.CallAlone(name, template, scope);
    }
}

/// <summary><c>include</c>: the other template works on the caller's variables; what is handed to it hides them meanwhile.</summary>
internal sealed class IncludeNode(Expression name, Handover handover, int offset) : Node
{
    public override Flow Render(RenderContext context)
    {
        context.BeginStatement(offset);
        if (context.Scope.IsIsolated)
            throw context.Error("'include' cannot be used in a template that 'render' called; use 'render' there too.");
        var path = name.Evaluate(context) switch
        {
            string text => text,
            MarkupText markup => markup.Text,
            var other => throw context.Error($"The name of a template must be a string, not {Equality.Kind(other)}."),
        };

        var template = context.Load(path);
        var arguments = handover.Evaluate(context);
        // Without "with", a variable of the template's name is what it is about.
        object? value = null;
        var isBound = handover.Value is not null || context.Scope.TryGet(path, out value);
        if (handover.Value is not null)
            value = handover.Value.Evaluate(context);
        var items = Items.IsArray(value) && value is not NumberRange ? Items.Of(context, value) : [value];
        var held = context.Keep();

        var hidden = new List<(VariableCell Cell, object? Value)>();
        for (var i = 0; i < arguments.Length; i++)
            Hide(context.Scope.Cell(handover.Arguments[i].Key), arguments[i]);
        VariableCell? bound = null;
        if (isBound)
            Hide(bound = context.Scope.Cell(handover.NameIn(path)), null);

        var flow = Flow.Next;
        for (var i = 0; i < items.Count && flow == Flow.Next; i++)
        {
            context.BeginStatement(offset);
            bound?.Loop = Plain.From(items[i]);
            flow = context.Call(path, template, context.Scope);
        }

        // Backwards, as the same name may be hidden twice.
        for (var i = hidden.Count - 1; i >= 0; i--)
            hidden[i].Cell.Loop = hidden[i].Value;
        context.Release(held);
        return flow;

        void Hide(VariableCell cell, object? by)
        {
            hidden.Add((cell, cell.Loop));
            cell.Loop = by;
        }
    }
}
