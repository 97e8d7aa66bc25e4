using System.Globalization;
using Automation.Expressions.Liquid.Filters;
using Automation.Expressions.Liquid.Nodes;
using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Parsing;

/// <summary>Reads values, filters and conditions from one piece of markup, left to right.</summary>
internal sealed class ExpressionParser(TemplateParser template, string source, int start, int end)
{
    private int _position = start;

    public bool AtEnd
    {
        get
        {
            SkipSpace();
            return _position >= end;
        }
    }

    /// <summary>Where the next piece begins.</summary>
    public int Offset
    {
        get
        {
            SkipSpace();
            return _position;
        }
    }

    public ExpressionException Error(string message) => Error(Offset, message);

    public ExpressionException Error(int offset, string message) =>
        SourcePosition.Error(ExpressionErrorKind.Syntax, source, offset, message);

    public ExpressionException Expected(string what) => Error($"Expected {what}, but found {Found()}.");

    public void ExpectEnd(string what)
    {
        if (!AtEnd)
            throw Expected(what);
    }

    public bool TryTake(char letter)
    {
        SkipSpace();
        if (_position >= end || source[_position] != letter)
            return false;
        _position++;
        return true;
    }

    public bool TryTakeWord(string word)
    {
        var name = PeekName();
        if (!name.SequenceEqual(word))
            return false;
        _position += word.Length;
        return true;
    }

    /// <summary>Reads a name: a letter or underscore, then letters, digits, underscores and hyphens, then perhaps a question mark.</summary>
    public string Name(string what)
    {
        var name = PeekName();
        if (name.Length == 0)
            throw Expected(what);
        _position += name.Length;
        return name.ToString();
    }

    /// <summary>Reads a name to assign to, which may be digits too but has no question mark.</summary>
    public string Target(string tag)
    {
        SkipSpace();
        var from = _position;
        while (_position < end && (IsNamePart(source[_position]) || (_position > from && source[_position] == '-')))
            _position++;
        if (_position == from)
            throw Expected($"a name after '{tag}'");
        return source[from.._position];
    }

    /// <summary>Reads a value with its filters, to the end of the markup.</summary>
    public Expression Filtered()
    {
        var value = Value();
        if (AtEnd)
            return value;

        var calls = new List<FilterCall>();
        while (TryTake('|'))
            calls.Add(Filter());
        ExpectEnd("'|' or the end");
        return new FilteredExpression(value, [.. calls]);
    }

    public Expression Value()
    {
        SkipSpace();
        template.Enter(_position);
        var value = _position < end ? ValueAt(source[_position]) : throw Expected("a value");
        template.Leave();
        return value;
    }

    /// <summary>Reads a value and gives its source without white space too.</summary>
    public (Expression Value, string Text) ValueWithText()
    {
        var from = Offset;
        var value = Value();
        return (value, WithoutSpace(source.AsSpan(from, _position - from)));
    }

    public Condition Condition()
    {
        var offset = Offset;
        var parts = new List<ConditionPart>();
        while (true)
        {
            var left = Value();
            var comparison = Comparison();
            var right = comparison == Nodes.Comparison.Truth ? null : Value();
            var and = TryTakeWord("and");
            parts.Add(new ConditionPart(left, comparison, right, and));
            if (!and && !TryTakeWord("or"))
                break;
        }

        ExpectEnd("'and', 'or' or the end of the condition");
        return new Condition([.. parts], offset);
    }

    private Comparison Comparison()
    {
        if (AtEnd)
            return Nodes.Comparison.Truth;
        if (TryTakeWord("contains"))
            return Nodes.Comparison.Contains;

        var from = _position;
        while (_position < end && source[_position] is '=' or '!' or '<' or '>' && _position - from < 2)
            _position++;
        switch (source.AsSpan(from, _position - from))
        {
            case "":
                return Nodes.Comparison.Truth;
            case "==":
                return Nodes.Comparison.Equal;
            case "!=" or "<>":
                return Nodes.Comparison.NotEqual;
            case "<":
                return Nodes.Comparison.Less;
            case "<=":
                return Nodes.Comparison.LessOrEqual;
            case ">":
                return Nodes.Comparison.Greater;
            case ">=":
                return Nodes.Comparison.GreaterOrEqual;
            default:
                var sign = source[from.._position];
                throw Error(from, $"'{sign}' is not an operator; use ==, !=, <, <=, >, >= or contains.");
        }
    }

    private FilterCall Filter()
    {
        var offset = Offset;
        var name = Name("the name of a filter after '|'");
        var known = FilterTable.Find(name);
        var arguments = new List<Expression>();
        var named = new List<KeyValuePair<string, Expression>>();
        if (TryTake(':'))
        {
            do
            {
                if (TryKey(out var key))
                    named.Add(new(key, Value()));
                else
                    arguments.Add(Value());
            }
            while (TryTake(','));
        }

        if (known is not null)
        {
            if (arguments.Count < known.Least || arguments.Count > known.Most)
                throw Error(offset, $"The filter '{name}' takes {known.ArgumentCount}, not {arguments.Count}.");
            foreach (var (key, _) in named)
            {
                if (!known.Names.Contains(key))
                    throw Error(offset, $"The filter '{name}' has no argument '{key}'.");
            }
        }

        return new FilterCall(name, offset, known?.Run, [.. arguments], [.. named]);
    }

    /// <summary>Reads <c>key:</c> before a value, where it stands here.</summary>
    public bool TryKey(out string key)
    {
        var before = Offset;
        var name = PeekName();
        _position += name.Length;
        if (name.Length > 0 && TryTake(':'))
        {
            key = name.ToString();
            return true;
        }

        _position = before;
        key = "";
        return false;
    }

    private Expression ValueAt(char first)
    {
        switch (first)
        {
            case '\'' or '"':
                return Text(first);
            case '(':
                return Range();
            case '[':
                _position++;
                var name = Value();
                Close(']');
                return Lookups(new NamedVariable(name));
        }

        if (char.IsAsciiDigit(first) || (first == '-' && _position + 1 < end && char.IsAsciiDigit(source[_position + 1])))
            return Number();

        var word = PeekName();
        if (word.Length == 0)
            throw Expected("a value");
        _position += word.Length;
        return word switch
        {
            "true" => new Literal(Boxed.True),
            "false" => new Literal(Boxed.False),
            "nil" or "null" => new Literal(null),
            "empty" => new Literal(Emptiness.Empty),
            "blank" => new Literal(Emptiness.Blank),
            _ => Lookups(template.Variable(word.ToString())),
        };
    }

    private Expression Lookups(Expression root)
    {
        var path = new List<Access>();
        while (true)
        {
            SkipSpace();
            if (_position < end && source[_position] == '[')
            {
                _position++;
                path.Add(new Access(null, Value()));
                Close(']');
            }
            else if (_position < end && source[_position] == '.' && !(_position + 1 < end && source[_position + 1] == '.'))
            {
                _position++;
                path.Add(new Access(Name("a name after '.'"), null));
            }
            else
            {
                return path.Count == 0 ? root : new PathExpression(root, [.. path]);
            }
        }
    }

    private Literal Text(char quote)
    {
        var close = _position + 1 < end ? source.IndexOf(quote, _position + 1, end - _position - 1) : -1;
        if (close < 0)
            throw Error("This string is not closed.");
        var text = source[(_position + 1)..close];
        _position = close + 1;
        return new Literal(text);
    }

    private Literal Number()
    {
        var from = _position++;
        Digits();
        var isInteger = true;
        if (_position + 1 < end && source[_position] == '.' && char.IsAsciiDigit(source[_position + 1]))
        {
            isInteger = false;
            _position++;
            Digits();
        }

        if (_position < end && IsNamePart(source[_position]))
            throw Error(from, $"'{source[from..(_position + 1)]}' is neither a number nor a name.");

        var digits = source.AsSpan(from, _position - from);
        if (!isInteger)
            return new Literal(double.Parse(digits, CultureInfo.InvariantCulture));
        return new Literal(Numbers.ParseInteger(digits) ?? throw SourcePosition.Error(
            ExpressionErrorKind.Limit, source, from, $"A number has more than {Numbers.MaxDigits:N0} digits, the most that one may have."));
    }

    private Expression Range()
    {
        var open = _position++;
        var first = Value();
        SkipSpace();
        if (_position + 1 >= end || source[_position] != '.' || source[_position + 1] != '.')
            throw Error(open, "Expected a range such as (1..5); brackets do not group in Liquid.");
        _position += 2;
        var last = Value();
        Close(')');
        return new RangeExpression(first, last);
    }

    private void Close(char bracket)
    {
        if (!TryTake(bracket))
            throw Expected($"'{bracket}'");
    }

    private void Digits()
    {
        while (_position < end && char.IsAsciiDigit(source[_position]))
            _position++;
    }

    private ReadOnlySpan<char> PeekName()
    {
        SkipSpace();
        var at = _position;
        if (at >= end || !(char.IsLetter(source[at]) || source[at] == '_'))
            return [];
        while (at < end && (IsNamePart(source[at]) || source[at] == '-'))
            at++;
        if (at < end && source[at] == '?')
            at++;
        return source.AsSpan(_position, at - _position);
    }

    private static bool IsNamePart(char letter) => char.IsLetterOrDigit(letter) || letter == '_';

    private void SkipSpace()
    {
        while (_position < end && char.IsWhiteSpace(source[_position]))
            _position++;
    }

    private string Found()
    {
        if (AtEnd)
            return "the end";
        var name = PeekName();
        var word = name.Length > 0 ? name.ToString() : source[_position].ToString();
        return word.Length > 40 ? $"'{word[..40]}…'" : $"'{word}'";
    }

    private static string WithoutSpace(ReadOnlySpan<char> text)
    {
        var kept = new char[text.Length];
        var length = 0;
        var quote = '\0';
        foreach (var letter in text)
        {
            if (quote == '\0' && letter is '"' or '\'')
                quote = letter;
            else if (letter == quote)
                quote = '\0';
            if (quote != '\0' || !char.IsWhiteSpace(letter))
                kept[length++] = letter;
        }

        return new string(kept, 0, length);
    }
}
