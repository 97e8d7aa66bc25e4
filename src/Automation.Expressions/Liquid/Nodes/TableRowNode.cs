using System.Globalization;
using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Nodes;

/// <summary><c>tablerow</c>: the rows and cells of an HTML table.</summary>
internal sealed class TableRowNode(
    LoopItems items, Expression? columns, int variableSlot, int loopSlot, Block body, int offset) : Node
{
    public override Flow Render(RenderContext context)
    {
        context.BeginStatement(offset);
        var segment = items.Evaluate(context);
        var width = Columns(context, segment.Length);
        var held = context.Keep();
        var loop = new TableRowLoop(segment.Length, width);
        var hiddenLoop = context.SetLoopVariable(loopSlot, loop);
        var hidden = context.SetLoopVariable(variableSlot, null);

        context.Write("<tr class=\"row1\">\n");
        for (; loop.Round < segment.Length; loop.Round++)
        {
            context.BeginStatement(offset);
            context.SetLoopVariable(variableSlot, segment[loop.Round]);
            context.Write(string.Create(CultureInfo.InvariantCulture, $"<td class=\"col{loop.Column + 1}\">"));
            var flow = body.Render(context);
            context.Write("</td>");
            if (flow == Flow.Break)
                break;
            if (loop.IsRowEnd && loop.Round < segment.Length - 1)
                context.Write(string.Create(CultureInfo.InvariantCulture, $"</tr>\n<tr class=\"row{loop.Row + 2}\">"));
        }

        context.Write("</tr>\n");
        context.RestoreLoopVariable(variableSlot, hidden);
        context.RestoreLoopVariable(loopSlot, hiddenLoop);
        context.Release(held);
        return Flow.Next;
    }

    private int Columns(RenderContext context, int length)
    {
        if (columns?.Evaluate(context) is not { } value)
            return Math.Max(length, 1);
        var width = Numbers.Floor(context, Numbers.From(context, value)) as long?;
        return width is >= 1 ? (int)Math.Min(width.Value, int.MaxValue) : throw context.Error("'cols' must be a number from 1.");
    }
}

/// <summary><c>tablerowloop</c></summary>
internal sealed class TableRowLoop(int length, int width) : LiquidObject
{
    public int Round { get; set; }

    public int Column => Round % width;

    public int Row => Round / width;

    public bool IsRowEnd => Column == width - 1;

    public override IEnumerable<string> Names =>
        ["length", "index", "index0", "rindex", "rindex0", "first", "last", "row", "col", "col0", "col_first", "col_last"];

    public override bool TryGet(string name, out object? value)
    {
        value = name switch
        {
            "index" => (long)Round + 1,
            "index0" => (long)Round,
            "rindex" => (long)length - Round,
            "rindex0" => (long)length - Round - 1,
            "first" => Round == 0,
            "last" => Round == length - 1,
            "length" => (long)length,
            "row" => (long)Row + 1,
            "col" => (long)Column + 1,
            "col0" => (long)Column,
            "col_first" => Column == 0,
            "col_last" => IsRowEnd,
            _ => null,
        };
        return value is not null;
    }
}
