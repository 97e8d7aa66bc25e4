using System.Text;
using static Automation.Expressions.JavaScript.Syntax.CharacterClasses;

namespace Automation.Expressions.JavaScript.Syntax;

/// <summary>Turns source text into tokens, one at a time; the parser says where a slash starts a regular expression.</summary>
internal sealed partial class Lexer
{
    private static readonly HashSet<string> Keywords =
    [
        "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else", "enum",
        "export", "extends", "false", "finally", "for", "function", "if", "import", "in", "instanceof", "new", "null",
        "return", "super", "switch", "this", "throw", "true", "try", "typeof", "var", "void", "while", "with",
    ];

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> KeywordLookup =
        Keywords.GetAlternateLookup<ReadOnlySpan<char>>();

    private readonly string _source;
    private readonly HashSet<string> _names = [];
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _nameLookup;
    private int _pos;

    public Lexer(string source)
    {
        _source = source;
        _nameLookup = _names.GetAlternateLookup<ReadOnlySpan<char>>();
        if (source.StartsWith("#!", StringComparison.Ordinal))
            SkipLine();
    }

    public int Position
    {
        get => _pos;
        set => _pos = value;
    }

    public static bool IsKeyword(string name) => Keywords.Contains(name);

    /// <summary>The one instance of a name in this source, so that names compare by reference at run time.</summary>
    public string Intern(ReadOnlySpan<char> text)
    {
        if (_nameLookup.TryGetValue(text, out var known))
            return known;
        var name = text.ToString();
        name = string.IsInterned(name) ?? name;
        _names.Add(name);
        return name;
    }

    public ExpressionException Error(int offset, string message) => SyntaxErrors.At(_source, offset, message);

    public Token Next()
    {
        var token = default(Token);
        token.NewLineBefore = SkipTrivia();
        token.Start = _pos;
        token.Text = "";
        if (_pos >= _source.Length)
        {
            token.Kind = TokenKind.EndOfInput;
            token.End = _pos;
            return token;
        }

        var c = _source[_pos];
        if (IsIdentifierStart(c) || c == '\\' || char.IsHighSurrogate(c))
            ReadName(ref token);
        else if (c is >= '0' and <= '9' || (c == '.' && Peek(1) is >= '0' and <= '9'))
            ReadNumber(ref token);
        else if (c is '"' or '\'')
            ReadString(ref token, c);
        else if (c == '`')
            ReadTemplate(ref token);
        else if (c == '#')
            ReadPrivateName(ref token);
        else
            ReadPunctuator(ref token, c);
        token.End = _pos;
        return token;
    }

    private char Peek(int ahead) => _pos + ahead < _source.Length ? _source[_pos + ahead] : '\0';

    private void SkipLine()
    {
        while (_pos < _source.Length && !IsLineTerminator(_source[_pos]))
            _pos++;
    }

    private bool SkipTrivia()
    {
        var newLine = _pos == 0;
        while (_pos < _source.Length)
        {
            var c = _source[_pos];
            if (IsLineTerminator(c))
            {
                newLine = true;
                _pos++;
            }
            else if (IsWhiteSpace(c))
            {
                _pos++;
            }
            else if (c == '/' && Peek(1) == '/')
            {
                SkipLine();
            }
            else if (c == '/' && Peek(1) == '*')
            {
                newLine |= SkipBlockComment();
            }
            else if ((c == '<' && _source.AsSpan(_pos).StartsWith("<!--")) || (newLine && c == '-' && _source.AsSpan(_pos).StartsWith("-->")))
            {
                SkipLine();
            }
            else
            {
                break;
            }
        }

        return newLine;
    }

    private bool SkipBlockComment()
    {
        var end = _source.IndexOf("*/", _pos + 2, StringComparison.Ordinal);
        if (end < 0)
            throw Error(_pos, "Unterminated comment, expected '*/'");
        var newLine = _source.AsSpan(_pos, end - _pos).ContainsAny("\n\r\u2028\u2029");
        _pos = end + 2;
        return newLine;
    }

    private void ReadName(ref Token token)
    {
        var start = _pos;
        while (_pos < _source.Length && _source[_pos] < 128 && IsIdentifierPart(_source[_pos]))
            _pos++;
        if (_pos >= _source.Length || (_source[_pos] < 128 && _source[_pos] != '\\'))
        {
            var span = _source.AsSpan(start, _pos - start);
            if (KeywordLookup.TryGetValue(span, out var keyword))
            {
                token.Kind = TokenKind.Keyword;
                token.Text = keyword;
                return;
            }

            token.Kind = TokenKind.Identifier;
            token.Text = Intern(span);
            return;
        }

        var text = new StringBuilder().Append(_source, start, _pos - start);
        while (_pos < _source.Length)
        {
            var at = _pos;
            var c = (int)_source[_pos];
            if (c == '\\')
            {
                token.Escaped = true;
                _pos++;
                if (Peek(0) != 'u')
                    throw Error(at, "Invalid Unicode escape sequence");
                _pos++;
                c = ReadUnicodeEscape(at);
            }
            else if (char.IsHighSurrogate((char)c) && char.IsLowSurrogate(Peek(1)))
            {
                c = char.ConvertToUtf32((char)c, Peek(1));
                _pos += 2;
            }
            else
            {
                _pos++;
            }

            if (!(text.Length == 0 ? IsIdentifierStart(c) : IsIdentifierPart(c)))
            {
                if (token.Escaped && _source[at] == '\\')
                    throw Error(at, "Invalid Unicode escape sequence");
                _pos = at;
                break;
            }

            if (c > 0xFFFF)
                text.Append(char.ConvertFromUtf32(c));
            else
                text.Append((char)c);
        }

        if (text.Length == 0)
            throw Error(_pos, "Invalid or unexpected token");
        var name = Intern(text.ToString());
        token.Kind = !token.Escaped && Keywords.Contains(name) ? TokenKind.Keyword : TokenKind.Identifier;
        token.Text = name;
    }

    private void ReadPrivateName(ref Token token)
    {
        var start = _pos++;
        if (_pos >= _source.Length || !(IsIdentifierStart(_source[_pos]) || _source[_pos] == '\\' || char.IsHighSurrogate(_source[_pos])))
            throw Error(start, "Invalid or unexpected token '#'");
        ReadName(ref token);
        token.Kind = TokenKind.PrivateName;
        token.Text = Intern("#" + token.Text);
    }

    private static readonly string[] Punctuators =
    [
        ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "??=",
        "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
        "<<", ">>", "**",
    ];

    private static readonly string?[] SinglePunctuators = MakeSingles();

    private static string?[] MakeSingles()
    {
        var table = new string?[128];
        foreach (var c in "{}()[].;,<>+-*/%&|^!~?:=@")
            table[c] = string.Intern(c.ToString());
        return table;
    }

    private void ReadPunctuator(ref Token token, char c)
    {
        token.Kind = TokenKind.Punctuator;
        if (c is not ('{' or '}' or '(' or ')' or '[' or ']' or ';' or ',' or ':' or '~'))
        {
            var rest = _source.AsSpan(_pos);
            foreach (var p in Punctuators)
            {
                if (p[0] == c && rest.StartsWith(p, StringComparison.Ordinal))
                {
                    // `a?.5:b` is a conditional with a decimal.
                    if (p == "?." && rest.Length > 2 && rest[2] is >= '0' and <= '9')
                        continue;
                    token.Text = p;
                    _pos += p.Length;
                    return;
                }
            }
        }

        token.Text = (c < 128 ? SinglePunctuators[c] : null)
            ?? throw Error(_pos, $"Invalid or unexpected token '{_source.Substring(_pos, char.IsHighSurrogate(c) && char.IsLowSurrogate(Peek(1)) ? 2 : 1)}'");
        _pos++;
    }
}
