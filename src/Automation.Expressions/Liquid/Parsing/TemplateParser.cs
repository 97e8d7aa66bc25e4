using System.Runtime.CompilerServices;
using Automation.Expressions.Liquid.Nodes;

namespace Automation.Expressions.Liquid.Parsing;

/// <summary>Builds the node tree of one template. Used once, by one thread.</summary>
internal sealed class TemplateParser(string source, TemplateSettings settings)
{
    private readonly Dictionary<string, int> _slots = [];
    private int _depth;

    public string Source => source;

    /// <summary>Whether the host has templates for <c>render</c> and <c>include</c>.</summary>
    public bool HasTemplates => settings.Options.Templates is not null;

    public CompiledTemplate Parse()
    {
        var root = Body(new TemplateReader(source), null, 0, out _);
        return new CompiledTemplate(source, root, settings, _slots);
    }

    /// <summary>
    /// Reads nodes up to one of the tags that <paramref name="ends"/> lists for the open tag, or up to the end of the
    /// source where no tag is open.
    /// </summary>
    /// <param name="reader">Where tokens come from.</param>
    /// <param name="tag">The open tag's name, or null.</param>
    /// <param name="opened">Where that tag stands.</param>
    /// <param name="end">The token that ended the body.</param>
    /// <param name="ends">Names that end this body, beside <c>end</c> + <paramref name="tag"/>.</param>
    public Block Body(TokenReader reader, string? tag, int opened, out Token end, params ReadOnlySpan<string> ends)
    {
        Enter(opened);
        var nodes = new List<Node>();
        var close = tag is null ? null : "end" + tag;
        while (reader.TryRead(out var token))
        {
            if (token.Kind == TokenKind.Tag && tag is not null && (token.Name == close || ends.Contains(token.Name)))
            {
                end = token;
                Leave();
                return new Block(nodes);
            }

            Add(nodes, reader, token, tag, opened);
        }

        if (tag is not null)
            throw Error(opened, $"The tag '{tag}' is not closed with '{close}'.");
        end = default;
        Leave();
        return new Block(nodes);
    }

    /// <summary>Adds the lines of a <c>liquid</c> tag to the nodes around it.</summary>
    public void AddLines(List<Node> nodes, Token token)
    {
        Enter(token.Offset);
        var lines = new LineReader(source, token.Start, token.End);
        while (lines.TryRead(out var line))
            Add(nodes, lines, line, null, 0);
        Leave();
    }

    public ExpressionParser Markup(Token token) => new(this, source, token.Start, token.End);

    /// <summary><c>{{ value }}</c>, or <c>echo</c>; without a value it writes nothing.</summary>
    public OutputNode Output(Token token)
    {
        var markup = Markup(token);
        return new OutputNode(markup.AtEnd ? new Literal(null) : markup.Filtered(), token.Offset);
    }

    public int Slot(string name)
    {
        if (!_slots.TryGetValue(name, out var slot))
            _slots.Add(name, slot = _slots.Count);
        return slot;
    }

    public Variable Variable(string name) => new(name, Slot(name));

    /// <summary>Guards the nesting of the source; pair with <see cref="Leave"/>.</summary>
    public void Enter(int offset)
    {
        if (++_depth > settings.Limits.MaxSourceDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw SourcePosition.Error(
                ExpressionErrorKind.Limit,
                source,
                offset,
                $"The template is nested more than {settings.Limits.MaxSourceDepth:N0} deep ({nameof(ExpressionLimits.MaxSourceDepth)}).");
        }
    }

    public void Leave() => _depth--;

    public ExpressionException Error(int offset, string message) =>
        SourcePosition.Error(ExpressionErrorKind.Syntax, source, offset, message);

    private void Add(List<Node> nodes, TokenReader reader, Token token, string? open, int opened)
    {
        switch (token.Kind)
        {
            case TokenKind.Text:
                nodes.Add(new TextNode(source[token.Start..token.End]));
                break;
            case TokenKind.Output:
                nodes.Add(Output(token));
                break;
            default:
                if (token.Name == "liquid")
                    AddLines(nodes, token);
                else if (TagParser.Parse(this, reader, token, open, opened) is { } node)
                    nodes.Add(node);
                break;
        }
    }
}
