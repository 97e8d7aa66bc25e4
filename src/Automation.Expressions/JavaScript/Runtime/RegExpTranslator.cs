using System.Globalization;
using System.Text;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>
/// Writes an ECMAScript pattern as a .NET pattern. Groups get their numbers spelled out, because .NET numbers named groups last; classes are
/// written as explicit ranges, because the two disagree about \d, \w, \s, line ends and letter case.
/// </summary>
internal sealed partial class RegExpTranslator(string pattern, string flags)
{
    private const int DeepestNesting = 250;
    private const string Word = "a-zA-Z0-9_";

    private readonly bool _ignoreCase = flags.Contains('i');
    private readonly bool _multiline = flags.Contains('m');
    private readonly bool _dotAll = flags.Contains('s');
    private readonly bool _unicode = flags.Contains('u');
    private readonly StringBuilder _made = new();
    private readonly Dictionary<string, int> _names = [];
    private int _at;
    private int _group;
    private int _depth;

    public int GroupCount { get; private set; }

    public IReadOnlyDictionary<string, int> Names => _names;

    public string Translate()
    {
        CountGroups();
        if (flags.Contains('y'))
            _made.Append("\\G(?:");
        Disjunction();
        if (_at < pattern.Length)
            throw new FormatException(pattern[_at] == ')' ? "Unmatched ')'" : "Unexpected character");
        if (flags.Contains('y'))
            _made.Append(')');
        return _made.ToString();
    }

    private bool HasNames => _names.Count > 0;

    private void CountGroups()
    {
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\':
                    i++;
                    break;
                case '[':
                    inClass = true;
                    break;
                case ']':
                    inClass = false;
                    break;
                case '(' when !inClass:
                    var isNamed = i + 2 < pattern.Length && pattern[i + 1] == '?' && pattern[i + 2] == '<' && i + 3 < pattern.Length && pattern[i + 3] is not ('=' or '!');
                    if (i + 1 < pattern.Length && pattern[i + 1] == '?' && !isNamed)
                        break;
                    GroupCount++;
                    if (isNamed)
                    {
                        var at = i + 3;
                        var name = ReadName(ref at);
                        if (!_names.TryAdd(name, GroupCount))
                            throw new FormatException("Duplicate capture group name");
                    }

                    break;
            }
        }

        if (GroupCount > 10000)
            throw new FormatException("Too many groups");
    }

    private string ReadName(ref int at)
    {
        var end = pattern.IndexOf('>', at);
        if (end < 0)
            throw new FormatException("Invalid capture group name");
        var name = new StringBuilder();
        while (at < end)
        {
            int code = pattern[at++];
            if (code == '\\')
            {
                if (at >= end || pattern[at] != 'u')
                    throw new FormatException("Invalid Unicode escape");
                at++;
                code = UnicodeEscape(ref at, braces: true);
                if (code < 0)
                    throw new FormatException("Invalid Unicode escape");
            }
            else if (char.IsHighSurrogate((char)code) && at < end && char.IsLowSurrogate(pattern[at]))
            {
                code = char.ConvertToUtf32((char)code, pattern[at++]);
            }

            if (!(name.Length == 0 ? CharacterClasses.IsIdentifierStart(code) : CharacterClasses.IsIdentifierPart(code)))
                throw new FormatException("Invalid capture group name");
            name.Append(code > 0xFFFF ? char.ConvertFromUtf32(code) : ((char)code).ToString());
        }

        at = end + 1;
        return name.Length == 0 ? throw new FormatException("Invalid capture group name") : name.ToString();
    }

    // ---- structure ----

    private bool Ahead(char c) => _at < pattern.Length && pattern[_at] == c;

    private void Disjunction()
    {
        if (++_depth > DeepestNesting)
            throw new FormatException("The pattern is nested too deeply");
        while (true)
        {
            while (_at < pattern.Length && pattern[_at] is not ('|' or ')'))
                Term();
            if (!Ahead('|'))
                break;
            _made.Append('|');
            _at++;
        }

        _depth--;
    }

    private void Term()
    {
        var start = _made.Length;
        var c = pattern[_at];
        var quantifiable = true;
        switch (c)
        {
            case '^':
                _at++;
                _made.Append(_multiline ? "(?<=\\A|[\\n\\r\\u2028\\u2029])" : "\\A");
                quantifiable = false;
                break;
            case '$':
                _at++;
                _made.Append(_multiline ? "(?=[\\n\\r\\u2028\\u2029]|\\z)" : "\\z");
                quantifiable = false;
                break;
            case '(':
                quantifiable = Group();
                break;
            case '.':
                _at++;
                AppendSet(Dot(), negated: false);
                break;
            case '[':
                _at++;
                Class();
                break;
            case '\\':
                quantifiable = Escape();
                break;
            case '*' or '+' or '?':
                throw new FormatException("Nothing to repeat");
            case '{' when _unicode || IsQuantifier(_at, out _, out _, out _):
                throw new FormatException("Nothing to repeat");
            case '}' or ']' when _unicode:
                throw new FormatException("Lone quantifier brackets");
            default:
                AppendLiteral(NextCode());
                break;
        }

        Quantifier(start, quantifiable);
    }

    private int NextCode()
    {
        int code = pattern[_at++];
        if (_unicode && char.IsHighSurrogate((char)code) && _at < pattern.Length && char.IsLowSurrogate(pattern[_at]))
            code = char.ConvertToUtf32((char)code, pattern[_at++]);
        return code;
    }

    /// <summary>False for an assertion that may not be repeated.</summary>
    private bool Group()
    {
        _at++;
        var quantifiable = true;
        if (!Ahead('?'))
        {
            _made.Append("(?<").Append(++_group).Append('>');
        }
        else
        {
            var rest = pattern.AsSpan(_at);
            if (rest.StartsWith("?:"))
            {
                _made.Append("(?:");
                _at += 2;
            }
            else if (rest.StartsWith("?=") || rest.StartsWith("?!"))
            {
                _made.Append('(').Append(rest[..2]);
                _at += 2;
                quantifiable = !_unicode;
            }
            else if (rest.StartsWith("?<=") || rest.StartsWith("?<!"))
            {
                _made.Append('(').Append(rest[..3]);
                _at += 3;
                quantifiable = false;
            }
            else if (rest.StartsWith("?<"))
            {
                _at += 2;
                ReadName(ref _at);
                _made.Append("(?<").Append(++_group).Append('>');
            }
            else
            {
                throw new FormatException("Invalid group");
            }
        }

        Disjunction();
        if (!Ahead(')'))
            throw new FormatException("Unterminated group");
        _at++;
        _made.Append(')');
        return quantifiable;
    }

    private bool IsQuantifier(int at, out int low, out int high, out int end)
    {
        (low, high, end) = (0, -1, at);
        var start = ++at;
        while (at < pattern.Length && char.IsAsciiDigit(pattern[at]))
            at++;
        if (at == start)
            return false;
        low = Number(start, at);
        high = low;
        if (at < pattern.Length && pattern[at] == ',')
        {
            var second = ++at;
            while (at < pattern.Length && char.IsAsciiDigit(pattern[at]))
                at++;
            high = at == second ? -1 : Number(second, at);
        }

        end = at + 1;
        return at < pattern.Length && pattern[at] == '}';
    }

    private int Number(int start, int end) =>
        int.TryParse(pattern.AsSpan(start, end - start), CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;

    private void Quantifier(int start, bool quantifiable)
    {
        if (_at >= pattern.Length)
            return;
        string text;
        switch (pattern[_at])
        {
            case '*' or '+' or '?':
                text = pattern[_at++].ToString();
                break;
            case '{' when IsQuantifier(_at, out var low, out var high, out var end):
                if (high >= 0 && high < low)
                    throw new FormatException("numbers out of order in {} quantifier");
                text = high < 0 ? $"{{{low},}}" : $"{{{low},{high}}}";
                _at = end;
                break;
            case '{' when _unicode:
                throw new FormatException("Incomplete quantifier");
            default:
                return;
        }

        if (!quantifiable)
            throw new FormatException("Nothing to repeat");
        if (Ahead('?'))
        {
            text += "?";
            _at++;
        }

        // What was written may be several characters to .NET.
        _made.Insert(start, "(?:").Append(')').Append(text);
    }

    // ---- atoms ----

    private void AppendLiteral(int code)
    {
        if (code > 0xFFFF)
        {
            var pair = char.ConvertFromUtf32(code);
            _made.Append("(?:").Append(Hex(pair[0])).Append(Hex(pair[1])).Append(')');
        }
        else if (_unicode && code is >= 0xD800 and <= 0xDBFF)
        {
            _made.Append("(?:").Append(Hex(code)).Append("(?![\\uDC00-\\uDFFF]))");
        }
        else if (_unicode && code is >= 0xDC00 and <= 0xDFFF)
        {
            _made.Append("(?:(?<![\\uD800-\\uDBFF])").Append(Hex(code)).Append(')');
        }
        else if (char.IsAsciiLetterOrDigit((char)code))
        {
            _made.Append((char)code);
        }
        else
        {
            _made.Append(Hex(code));
        }
    }

    private static string Hex(int code) => "\\u" + code.ToString("X4", CultureInfo.InvariantCulture);

    private CodeSet Dot()
    {
        var set = new CodeSet();
        if (_dotAll)
        {
            set.Add(0, 0x10FFFF);
            return set;
        }

        set.Add('\n', '\n');
        set.Add('\r', '\r');
        set.Add(0x2028, 0x2029);
        return set.Complement();
    }

    private void AppendSet(CodeSet set, bool negated)
    {
        // With letter case ignored the complement must be taken after, so .NET is left to take it.
        if (negated && !(_ignoreCase && !_unicode))
        {
            set = set.Complement();
            negated = false;
        }

        _made.Append(set.Write(_unicode, negated));
    }

    private void Class()
    {
        var negated = Ahead('^');
        if (negated)
            _at++;
        var set = new CodeSet();
        while (!Ahead(']'))
        {
            var low = ClassAtom(set);
            if (!(Ahead('-') && _at + 1 < pattern.Length && pattern[_at + 1] != ']'))
            {
                if (low >= 0)
                    set.Add(low, low);
                continue;
            }

            _at++;
            var high = ClassAtom(set);
            if (low < 0 || high < 0)
            {
                if (_unicode)
                    throw new FormatException("Invalid character class");
                set.Add('-', '-');
                if (low >= 0)
                    set.Add(low, low);
                if (high >= 0)
                    set.Add(high, high);
                continue;
            }

            if (low > high)
                throw new FormatException("Range out of order in character class");
            set.Add(low, high);
        }

        _at++;
        AppendSet(set, negated);
    }

    /// <summary>One character, or -1 where a whole class was added.</summary>
    private int ClassAtom(CodeSet set)
    {
        if (_at >= pattern.Length)
            throw new FormatException("Unterminated character class");
        if (pattern[_at] != '\\')
            return NextCode();
        _at++;
        if (_at >= pattern.Length)
            throw new FormatException("\\ at end of pattern");
        if (!TryClassEscape(out var all))
            return CharacterEscape(inClass: true);
        set.AddAll(all);
        return -1;
    }
}
