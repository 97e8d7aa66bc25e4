using Automation.Expressions.Liquid.Nodes;

namespace Automation.Expressions.Liquid.Parsing;

/// <summary>Reads each tag's markup and body.</summary>
internal static class TagParser
{
    /// <summary>Reads one tag; null for one that leaves nothing to render.</summary>
    public static Node? Parse(TemplateParser template, TokenReader reader, Token token, string? open, int opened)
    {
        switch (token.Name)
        {
            case "#":
                InlineComment(template, token);
                return null;
            case "comment":
                reader.SkipComment(token.Offset);
                return null;
            case "doc":
                Doc(template, reader, token);
                return null;
            case "raw":
                var raw = reader.ReadVerbatim("raw", token.Offset);
                return new RawNode(template.Source[raw.Start..raw.End]);
            case "assign":
                return Assign(template, token);
            case "capture":
                return Capture(template, reader, token);
            case "echo":
                return template.Output(token);
            case "increment":
            case "decrement":
                return Counter(template, token);
            case "cycle":
                return Cycle(template, token);
            case "ifchanged":
                return new IfChangedNode(template.Body(reader, "ifchanged", token.Offset, out _), token.Offset);
            case "if":
            case "unless":
                return If(template, reader, token);
            case "case":
                return Case(template, reader, token);
            case "for":
                return For(template, reader, token);
            case "tablerow":
                return TableRow(template, reader, token);
            case "break":
                return new JumpNode(Flow.Break);
            case "continue":
                return new JumpNode(Flow.Continue);
            case "render" when template.HasTemplates:
                return Render(template, token);
            case "include" when template.HasTemplates:
                return Include(template, token);
            default:
                throw Unknown(template, token, open, opened);
        }
    }

    private static ExpressionException Unknown(TemplateParser template, Token token, string? open, int opened)
    {
        var name = token.Name;
        if (name is "render" or "include" or "layout" or "block" or "section" or "partial")
        {
            var instead = template.HasTemplates ? "'render' and 'include' load others." : "a template stands alone and loads no others.";
            return SourcePosition.Error(
                ExpressionErrorKind.NotSupported,
                template.Source,
                token.Offset,
                $"The tag '{name}' is not supported: {instead}");
        }

        if (name is not ("else" or "elsif" or "when") && !name.StartsWith("end", StringComparison.Ordinal))
            return template.Error(token.Offset, $"There is no tag '{name}'.");
        if (open is null)
            return template.Error(token.Offset, $"'{name}' stands here without a tag that it belongs to.");
        var (line, _) = SourcePosition.Of(template.Source, opened);
        return template.Error(token.Offset, $"'{name}' stands inside '{open}' of line {line}, which needs 'end{open}' first.");
    }

    private static void InlineComment(TemplateParser template, Token token)
    {
        var text = template.Source.AsSpan(token.Start, token.End - token.Start);
        var at = text.IndexOf('\n');
        while (at >= 0)
        {
            var line = text[(at + 1)..];
            var next = line.IndexOf('\n');
            var content = (next < 0 ? line : line[..next]).Trim();
            if (content.Length > 0 && content[0] != '#')
                throw template.Error(token.End - line.Length, "Every line of an inline comment must begin with '#'.");
            at = next < 0 ? -1 : at + 1 + next;
        }
    }

    private static void Doc(TemplateParser template, TokenReader reader, Token token)
    {
        template.Markup(token).ExpectEnd("nothing after 'doc'");
        var text = reader.ReadVerbatim("doc", token.Offset);
        var inside = new TemplateReader(template.Source[text.Start..text.End]);
        if (inside.HasTag("doc"))
            throw template.Error(token.Offset, "A 'doc' cannot stand inside another 'doc'.");
    }

    private static AssignNode Assign(TemplateParser template, Token token)
    {
        var markup = template.Markup(token);
        var name = markup.Target("assign");
        if (!markup.TryTake('='))
            throw markup.Expected("'='");
        return new AssignNode(template.Slot(name), markup.Filtered(), token.Offset);
    }

    private static CaptureNode Capture(TemplateParser template, TokenReader reader, Token token)
    {
        var markup = template.Markup(token);
        // Quotes around the name are an old spelling that is still met.
        var quote = markup.TryTake('\'') ? '\'' : markup.TryTake('"') ? '"' : '\0';
        var name = markup.Target("capture");
        if (quote != '\0' && !markup.TryTake(quote))
            throw markup.Expected("the closing quote");
        markup.ExpectEnd("the end of 'capture'");
        return new CaptureNode(template.Slot(name), template.Body(reader, "capture", token.Offset, out _), token.Offset);
    }

    private static CounterNode Counter(TemplateParser template, Token token)
    {
        var markup = template.Markup(token);
        var name = markup.Target(token.Name);
        markup.ExpectEnd($"the end of '{token.Name}'");
        return new CounterNode(template.Slot(name), token.Name == "increment", token.Offset);
    }

    private static CycleNode Cycle(TemplateParser template, Token token)
    {
        var markup = template.Markup(token);
        var (first, text) = markup.ValueWithText();
        Expression? group = null;
        var values = new List<Expression>();
        var texts = new List<string>();
        if (markup.TryTake(':'))
            group = first;
        else
            Add(first, text);

        if (group is not null || markup.TryTake(','))
        {
            do
            {
                if (markup.AtEnd)
                    break;
                var (value, valueText) = markup.ValueWithText();
                Add(value, valueText);
            }
            while (markup.TryTake(','));
        }

        markup.ExpectEnd("',' or the end of 'cycle'");
        if (values.Count == 0)
            throw template.Error(token.Offset, "'cycle' needs at least one value.");
        return new CycleNode(group, string.Join(',', texts), [.. values], token.Offset);

        void Add(Expression value, string text)
        {
            values.Add(value);
            texts.Add(text);
        }
    }

    private static IfNode If(TemplateParser template, TokenReader reader, Token token)
    {
        var branches = new List<Branch>();
        var part = token;
        while (true)
        {
            // What follows "else" is ignored, and so are branches after it: nothing can reach them.
            var condition = part.Name == "else" ? null : template.Markup(part).Condition();
            var negated = part.Name == "unless";
            var body = template.Body(reader, token.Name, token.Offset, out part, "elsif", "else");
            branches.Add(new Branch(condition, negated, body));
            if (part.Name is not ("elsif" or "else"))
                return new IfNode(branches);
        }
    }

    private static CaseNode Case(TemplateParser template, TokenReader reader, Token token)
    {
        var markup = template.Markup(token);
        var subject = markup.Value();
        markup.ExpectEnd("the end of 'case'");

        var whens = new List<When>();
        // What stands before the first "when" is never written.
        template.Body(reader, "case", token.Offset, out var part, "when", "else");
        while (part.Name is "when" or "else")
        {
            var values = part.Name == "when" ? WhenValues(template, part) : [];
            var isElse = part.Name == "else";
            var body = template.Body(reader, "case", token.Offset, out part, "when", "else");
            if (isElse)
                whens.Add(new When(null, body));
            foreach (var value in values)
                whens.Add(new When(value, body));
        }

        return new CaseNode(subject, whens, token.Offset);
    }

    private static List<Expression> WhenValues(TemplateParser template, Token token)
    {
        var markup = template.Markup(token);
        var values = new List<Expression>();
        do
        {
            values.Add(markup.Value());
        }
        while (markup.TryTake(',') || markup.TryTakeWord("or"));
        markup.ExpectEnd("',', 'or' or the end of 'when'");
        return values;
    }

    private static ForNode For(TemplateParser template, TokenReader reader, Token token)
    {
        var markup = template.Markup(token);
        var (items, variable, _) = Loop(template, markup, isTable: false);
        var body = template.Body(reader, "for", token.Offset, out var part, "else");
        Block? otherwise = null;
        while (part.Name == "else")
        {
            var block = template.Body(reader, "for", token.Offset, out part, "else");
            otherwise ??= block;
        }

        return new ForNode(items, variable, template.Slot("forloop"), body, otherwise, token.Offset);
    }

    private static TableRowNode TableRow(TemplateParser template, TokenReader reader, Token token)
    {
        var markup = template.Markup(token);
        var (items, variable, columns) = Loop(template, markup, isTable: true);
        var body = template.Body(reader, "tablerow", token.Offset, out _);
        return new TableRowNode(items, columns, variable, template.Slot("tablerowloop"), body, token.Offset);
    }

    private static (LoopItems Items, int Variable, Expression? Columns) Loop(TemplateParser template, ExpressionParser markup, bool isTable)
    {
        var name = markup.Name("a name for the loop's variable");
        if (!markup.TryTakeWord("in"))
            throw markup.Expected($"'in' after '{name}'");

        var (collection, text) = markup.ValueWithText();
        Expression? limit = null, offset = null, columns = null;
        bool continues = false, reversed = false;
        while (!markup.AtEnd)
        {
            if (markup.TryTake(','))
                continue;

            if (!isTable && markup.TryTakeWord("reversed"))
            {
                reversed = true;
                continue;
            }

            var at = markup.Offset;
            var option = markup.Name(isTable ? "'cols', 'limit' or 'offset'" : "'reversed', 'limit' or 'offset'");
            if (option is not ("limit" or "offset") && !(isTable && option == "cols"))
                throw markup.Error(at, $"A '{(isTable ? "tablerow" : "for")}' has no '{option}'; expected {(isTable ? "cols, limit or offset" : "reversed, limit or offset")}.");
            if (!markup.TryTake(':'))
                throw markup.Expected($"':' after '{option}'");

            if (option == "offset" && markup.TryTakeWord("continue"))
                continues = true;
            else if (option == "offset")
                offset = markup.Value();
            else if (option == "limit")
                limit = markup.Value();
            else
                columns = markup.Value();
        }

        return (new LoopItems(name, text, collection, limit, offset, continues, reversed), template.Slot(name), columns);
    }

    private static RenderNode Render(TemplateParser template, Token token)
    {
        var markup = template.Markup(token);
        var at = markup.Offset;
        if (markup.AtEnd || template.Source[at] is not ('\'' or '"') || markup.Value() is not Literal { Value: string name })
            throw markup.Error(at, "'render' needs the name of a template in quotes.");
        var handover = Handover(markup, "render", out var isLoop);
        return new RenderNode(name, handover, isLoop, token.Offset);
    }

    private static IncludeNode Include(TemplateParser template, Token token)
    {
        var markup = template.Markup(token);
        var name = markup.Value();
        return new IncludeNode(name, Handover(markup, "include", out _), token.Offset);
    }

    private static Handover Handover(ExpressionParser markup, string tag, out bool isLoop)
    {
        isLoop = markup.TryTakeWord("for");
        Expression? value = null;
        string? alias = null;
        if (isLoop || markup.TryTakeWord("with"))
        {
            value = markup.Value();
            if (markup.TryTakeWord("as"))
                alias = markup.Name("a name after 'as'");
        }

        var arguments = new List<KeyValuePair<string, Expression>>();
        markup.TryTake(',');
        while (markup.TryKey(out var key))
        {
            arguments.Add(new(key, markup.Value()));
            markup.TryTake(',');
        }

        markup.ExpectEnd($"'name: value' or the end of '{tag}'");
        return new Handover(value, alias, [.. arguments]);
    }
}
