using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Nodes;

/// <summary><c>for</c> with its <c>else</c>.</summary>
internal sealed class ForNode : Node
{
    private readonly LoopItems _items;
    private readonly int _variableSlot;
    private readonly int _loopSlot;
    private readonly Block _body;
    private readonly Block? _otherwise;
    private readonly int _offset;

    public ForNode(LoopItems items, int variableSlot, int loopSlot, Block body, Block? otherwise, int offset)
    {
        _items = items;
        _variableSlot = variableSlot;
        _loopSlot = loopSlot;
        _body = body;
        _otherwise = otherwise;
        _offset = offset;
        IsBlank = body.IsBlank && otherwise is not { IsBlank: false };
        if (IsBlank)
        {
            body.RemoveText();
            otherwise?.RemoveText();
        }
    }

    public override bool IsBlank { get; }

    public override Flow Render(RenderContext context)
    {
        context.BeginStatement(_offset);
        var segment = _items.Evaluate(context);
        if (segment.Length == 0)
            return _otherwise?.Render(context) ?? Flow.Next;

        var held = context.Keep();
        var outer = context.Scope.Loop;
        var loop = new ForLoop(_items.Name, segment.Length, outer);
        context.Scope.Loop = loop;
        var hiddenLoop = context.SetLoopVariable(_loopSlot, loop);
        var hidden = context.SetLoopVariable(_variableSlot, segment[0]);
        for (; loop.Round < segment.Length; loop.Round++)
        {
            context.BeginStatement(_offset);
            context.SetLoopVariable(_variableSlot, segment[loop.Round]);
            if (_body.Render(context) == Flow.Break)
                break;
        }

        context.RestoreLoopVariable(_variableSlot, hidden);
        context.RestoreLoopVariable(_loopSlot, hiddenLoop);
        context.Scope.Loop = outer;
        context.Release(held);
        return Flow.Next;
    }
}

/// <summary><c>forloop</c></summary>
internal sealed class ForLoop(string name, int length, ForLoop? parent) : LiquidObject
{
    public int Round { get; set; }

    public override IEnumerable<string> Names => ["name", "length", "index", "index0", "rindex", "rindex0", "first", "last"];

    public override bool TryGet(string name, out object? value)
    {
        (var found, value) = Read(name);
        return found;
    }

    private (bool Found, object? Value) Read(string property) => property switch
    {
        "index" => (true, (long)Round + 1),
        "index0" => (true, (long)Round),
        "rindex" => (true, (long)length - Round),
        "rindex0" => (true, (long)length - Round - 1),
        "first" => (true, Boxed.Of(Round == 0)),
        "last" => (true, Boxed.Of(Round == length - 1)),
        "length" => (true, (long)length),
        "name" => (true, name),
        "parentloop" => (true, parent),
        _ => (false, null),
    };
}
