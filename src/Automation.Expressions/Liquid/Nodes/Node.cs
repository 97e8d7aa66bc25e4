namespace Automation.Expressions.Liquid.Nodes;

/// <summary>How rendering goes on after a node.</summary>
internal enum Flow
{
    /// <summary>With the next node.</summary>
    Next,

    /// <summary>After the enclosing loop; outside of loops, the template is done.</summary>
    Break,

    /// <summary>With the next round of the enclosing loop; outside of loops, the template is done.</summary>
    Continue,
}

/// <summary>A piece of a template: text, output or a tag.</summary>
internal abstract class Node
{
    /// <summary>Whether it never writes more than white space, so that a block of such nodes writes nothing at all.</summary>
    public virtual bool IsBlank => false;

    public abstract Flow Render(RenderContext context);
}

/// <summary>Nodes in a row.</summary>
internal sealed class Block(List<Node> nodes)
{
    private Node[] _nodes = [.. nodes];

    public bool IsBlank => Array.TrueForAll(_nodes, node => node.IsBlank);

    /// <summary>Drops the white space of a blank tag's body; called while compiling only.</summary>
    public void RemoveText() => _nodes = Array.FindAll(_nodes, node => node is not TextNode);

    public Flow Render(RenderContext context)
    {
        context.CheckStack();
        foreach (var node in _nodes)
        {
            var flow = node.Render(context);
            if (flow != Flow.Next)
                return flow;
        }

        return Flow.Next;
    }
}

internal sealed class TextNode(string text) : Node
{
    public override bool IsBlank { get; } = string.IsNullOrWhiteSpace(text);

    public override Flow Render(RenderContext context)
    {
        context.Step();
        context.Write(text);
        return Flow.Next;
    }
}

/// <summary><c>{{ value }}</c> and <c>echo</c>.</summary>
internal sealed class OutputNode(Expression value, int offset) : Node
{
    public override Flow Render(RenderContext context)
    {
        context.BeginStatement(offset);
        context.WriteValue(value.Evaluate(context));
        return Flow.Next;
    }
}

/// <summary><c>break</c> and <c>continue</c>.</summary>
internal sealed class JumpNode(Flow flow) : Node
{
    public override Flow Render(RenderContext context)
    {
        context.Step();
        return flow;
    }
}

/// <summary>The inside of <c>raw</c>: text that counts as written even where it is white space.</summary>
internal sealed class RawNode(string text) : Node
{
    public override bool IsBlank { get; } = text.Length == 0;

    public override Flow Render(RenderContext context)
    {
        context.Step();
        context.Write(text);
        return Flow.Next;
    }
}
