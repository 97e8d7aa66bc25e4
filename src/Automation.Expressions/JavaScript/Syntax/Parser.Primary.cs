using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Syntax;

/// <content>Primary expressions: literals, names, brackets, templates.</content>
internal sealed partial class Parser
{
    private Node ParsePrimary()
    {
        var token = _token;
        switch (token.Kind)
        {
            case TokenKind.Number:
                CheckOctal(token);
                Advance();
                return Finish(new Literal(JsValue.FromNumber(token.Number)), token.Start);
            case TokenKind.String:
                CheckOctal(token);
                Advance();
                return Finish(new Literal(token.Text), token.Start);
            case TokenKind.BigInteger:
                Advance();
                return Finish(new Literal(new JsBigInt(token.BigInteger)), token.Start);
            case TokenKind.Template:
                return ParseTemplate(tagged: false);
            case TokenKind.Identifier:
                if (IsContextual("async") && PeekNext() is { NewLineBefore: false } next)
                {
                    if (next is { Kind: TokenKind.Keyword, Text: "function" })
                        return ParseFunctionExpression();
                    if (next.Kind == TokenKind.Identifier)
                        return ParseAsyncArrow(token.Start);
                }

                return ParseIdentifier();
            case TokenKind.Keyword:
                return ParseKeywordExpression();
            case TokenKind.Punctuator:
                switch (token.Text)
                {
                    case "(": return ParseParenthesized();
                    case "[": return ParseArrayLiteral();
                    case "{": return ParseObjectLiteral();
                    case "/" or "/=": return ParseRegularExpression();
                }

                break;
        }

        throw Unexpected(token.Kind == TokenKind.EndOfInput ? "an expression" : null);
    }

    private void CheckOctal(in Token token)
    {
        if (token.LegacyOctal && _function.Strict)
        {
            throw Error(token.Start, token.Kind == TokenKind.Number
                ? "Octal literals are not allowed in strict mode"
                : "Octal escape sequences are not allowed in strict mode");
        }
    }

    private Node ParseKeywordExpression()
    {
        var start = _token.Start;
        switch (_token.Text)
        {
            case "this":
                Advance();
                return Finish(new ThisExpression(), start);
            case "null":
                Advance();
                return Finish(new Literal(JsValue.Null), start);
            case "true":
                Advance();
                return Finish(new Literal(JsValue.True), start);
            case "false":
                Advance();
                return Finish(new Literal(JsValue.False), start);
            case "function":
                return ParseFunctionExpression();
            case "class":
                return Finish(new ClassExpression(ParseClass(isDeclaration: false)), start);
            case "super":
                Advance();
                var isCall = IsPunctuator("(");
                if (!(isCall ? _function.AllowSuperCall : (IsPunctuator(".") || IsPunctuator("[")) && _function.AllowSuperProperty))
                    throw Error(start, "'super' keyword unexpected here");
                return Finish(new SuperExpression(), start);
            case "new":
                return ParseNew();
            case "import":
                throw NotSupported(start, PeekNext() is { Kind: TokenKind.Punctuator, Text: "(" } ? "import() is" : "Modules (import) are");
            default:
                throw Unexpected(expected: null);
        }
    }

    private Identifier ParseIdentifier()
    {
        var start = _token.Start;
        CheckIdentifier(_token, binding: false);
        var name = _token.Text;
        Advance();
        return Finish(new Identifier(name), start);
    }

    private Identifier ParseBindingIdentifier()
    {
        var start = _token.Start;
        if (_token.Kind != TokenKind.Identifier)
            throw Unexpected(_token.Kind == TokenKind.EndOfInput ? "a name" : null);
        CheckIdentifier(_token, binding: true);
        var name = _token.Text;
        Advance();
        return Finish(new Identifier(name), start);
    }

    private void CheckIdentifier(in Token token, bool binding)
    {
        var name = token.Text;
        if (token.Escaped && Lexer.IsKeyword(name))
            throw Error(token.Start, $"Keyword '{name}' must not contain escaped characters");
        if (name == "await")
        {
            if (_function.AwaitIsKeyword && !_function.IsScript)
                throw Unexpected(token, expected: null);
            _awaitName = token.Start;
        }

        if (name == "arguments" && _function.ForbidArguments && !binding)
            throw Error(token.Start, "'arguments' is not allowed in class field initializer or static initialization block");
        if (!_function.Strict)
            return;
        if (name is "implements" or "interface" or "let" or "package" or "private" or "protected" or "public" or "static" or "yield")
            throw Error(token.Start, "Unexpected strict mode reserved word");
        if (binding && name is "eval" or "arguments")
            throw Error(token.Start, "Unexpected eval or arguments in strict mode");
    }

    private Node ParseRegularExpression()
    {
        var start = _token.Start;
        var token = _lexer.ReadRegularExpression(start);
        _token = token;
        Advance();
        try
        {
            RegExpCompiler.Check(token.Text, token.Raw!);
        }
        catch (FormatException e)
        {
            throw Error(start, $"Invalid regular expression: /{token.Text}/: {e.Message}");
        }
        catch (NotSupportedException e)
        {
            throw SyntaxErrors.NotSupported(_source, start, e.Message);
        }

        return Finish(new RegularExpressionLiteral(token.Text, token.Raw!), start);
    }

    private TemplateLiteral ParseTemplate(bool tagged)
    {
        var start = _token.Start;
        var cooked = new List<string?>();
        var raw = new List<string>();
        var values = new List<Node>();
        while (true)
        {
            if (_token.Text is null && !tagged)
                throw Error(_token.Start, "Invalid escape sequence in template");
            cooked.Add(_token.Text);
            raw.Add(_token.Raw!);
            if (_token.TemplateTail)
                break;
            Advance();
            values.Add(ParseExpressionWithIn());
            if (!IsPunctuator("}"))
                throw Unexpected("'}' after the expression in a template");
            _token = _lexer.ContinueTemplate(_token.Start);
        }

        Advance();
        return Finish(new TemplateLiteral(cooked, raw, values), start);
    }

    private Node ParseArrayLiteral()
    {
        var start = _token.Start;
        Advance();
        Enter();
        var noIn = _noIn;
        _noIn = false;
        var elements = new List<Node?>();
        var commaAfterSpread = false;
        while (!IsPunctuator("]"))
        {
            if (TryPunctuator(","))
            {
                elements.Add(null);
                continue;
            }

            var elementStart = _token.Start;
            if (TryPunctuator("..."))
            {
                elements.Add(Finish(new SpreadElement(ParseAssignment()), elementStart));
                commaAfterSpread |= IsPunctuator(",");
            }
            else
            {
                elements.Add(ParseAssignment());
            }

            if (!IsPunctuator("]") && !TryPunctuator(","))
                throw Unexpected("',' or ']'");
        }

        _noIn = noIn;
        Advance();
        Leave();
        return Finish(new ArrayLiteral(elements) { CommaAfterSpread = commaAfterSpread }, start);
    }

    private Node ParseObjectLiteral()
    {
        var start = _token.Start;
        Advance();
        Enter();
        var noIn = _noIn;
        _noIn = false;
        var properties = new List<PropertyNode>();
        var protos = 0;
        while (!IsPunctuator("}"))
        {
            var property = ParseObjectProperty();
            properties.Add(property);
            if (property is { Kind: PropertyKind.Value, Computed: false, Shorthand: false, Key: Literal { Value: var key } } && key.IsString && key.AsString() == "__proto__" && ++protos > 1 && _coverError < 0)
                _coverError = property.Start;
            if (!IsPunctuator("}") && !TryPunctuator(","))
                throw Unexpected("',' or '}' in an object");
        }

        _noIn = noIn;
        Advance();
        Leave();
        return Finish(new ObjectLiteral(properties), start);
    }

    private PropertyNode ParseObjectProperty()
    {
        var start = _token.Start;
        if (TryPunctuator("..."))
        {
            var argument = ParseAssignment();
            return Finish(new PropertyNode(PropertyKind.Spread, argument, computed: false, argument), start);
        }

        if (IsPunctuator("*"))
            throw NotSupported(start, "Generators are");
        var isAsync = false;
        var kind = PropertyKind.Value;
        if (_token is { Kind: TokenKind.Identifier, Escaped: false, Text: "async" or "get" or "set" })
        {
            var word = _token.Text;
            var next = PeekNext();
            var isModifier = next.Kind is TokenKind.Identifier or TokenKind.Keyword or TokenKind.String or TokenKind.Number or TokenKind.BigInteger
                || (next.Kind == TokenKind.Punctuator && next.Text is "[" or "*");
            if (isModifier && !(word == "async" && next.NewLineBefore))
            {
                Advance();
                if (IsPunctuator("*"))
                    throw NotSupported(start, "Generators are");
                isAsync = word == "async";
                kind = word switch { "get" => PropertyKind.Getter, "set" => PropertyKind.Setter, _ => PropertyKind.Method };
            }
        }

        var nameToken = _token;
        var key = ParsePropertyKey(out var computed);
        if (kind != PropertyKind.Value || IsPunctuator("("))
        {
            var method = ParseMethod(start, key, kind == PropertyKind.Value ? PropertyKind.Method : kind, isAsync);
            return Finish(new PropertyNode(kind == PropertyKind.Value ? PropertyKind.Method : kind, key, computed, Finish(new FunctionExpression(method), start)), start);
        }

        if (TryPunctuator(":"))
            return Finish(new PropertyNode(PropertyKind.Value, key, computed, ParseAssignment()), start);

        if (nameToken.Kind != TokenKind.Identifier)
            throw Unexpected(nameToken.Kind == TokenKind.Keyword ? null : "':' after the property name");
        CheckIdentifier(nameToken, binding: false);
        Node value = Finish(new Identifier(nameToken.Text), nameToken.Start);
        if (IsPunctuator("="))
        {
            if (_coverError < 0)
                _coverError = _token.Start;
            var pending = _coverError;
            Advance();
            var withDefault = ParseCheckedAssignment();
            _coverError = pending;
            value = Finish(new DefaultPattern(value, withDefault), start);
        }

        return Finish(new PropertyNode(PropertyKind.Value, key, computed: false, value) { Shorthand = true }, start);
    }

    private Node ParsePropertyKey(out bool computed)
    {
        computed = false;
        var token = _token;
        switch (token.Kind)
        {
            case TokenKind.Identifier or TokenKind.Keyword:
                Advance();
                return Finish(new Literal(token.Text), token.Start);
            case TokenKind.String:
                CheckOctal(token);
                Advance();
                return Finish(new Literal(token.Text), token.Start);
            case TokenKind.Number:
                CheckOctal(token);
                Advance();
                return Finish(new Literal(NumberFormatter.ToText(token.Number)), token.Start);
            case TokenKind.BigInteger:
                Advance();
                return Finish(new Literal(token.BigInteger.ToString(System.Globalization.CultureInfo.InvariantCulture)), token.Start);
            case TokenKind.Punctuator when token.Text == "[":
                computed = true;
                Advance();
                var noIn = _noIn;
                _noIn = false;
                var key = ParseCheckedAssignment();
                _noIn = noIn;
                Expect("]", "after the computed property name");
                return key;
            default:
                throw Unexpected("a property name");
        }
    }

    /// <summary>
    /// Brackets: an expression, or the parameters of an arrow function, which shows only after the closing one.
    /// </summary>
    private Node ParseParenthesized()
    {
        var start = _token.Start;
        Advance();
        Enter();
        var noIn = _noIn;
        _noIn = false;
        var items = new List<Node>();
        var onlyArrow = -1;
        while (!IsPunctuator(")"))
        {
            var itemStart = _token.Start;
            if (TryPunctuator("..."))
            {
                onlyArrow = itemStart;
                items.Add(Finish(new SpreadElement(ParseRestTarget()), itemStart));
                if (IsPunctuator("="))
                    throw Error(_token.Start, "Rest parameter may not have a default initializer");
                if (!IsPunctuator(")"))
                    throw Error(_token.Start, "Rest parameter must be last formal parameter");
                break;
            }

            items.Add(ParseAssignment());
            if (IsPunctuator(")"))
                break;
            if (!TryPunctuator(","))
                throw Unexpected("')'");
            if (IsPunctuator(")"))
                onlyArrow = _token.Start;
        }

        _noIn = noIn;
        if (items.Count == 0)
            onlyArrow = _token.Start;
        Advance();
        Leave();
        if (IsPunctuator("=>") && !_token.NewLineBefore)
            return Finish(new ArrowHead(items, isAsync: false), start);
        if (onlyArrow >= 0)
            throw Error(onlyArrow, items.Count == 0 ? "Unexpected token ')', expected an expression or '=>' after it" : $"Unexpected token '{_source[onlyArrow]}'");
        CheckCover();
        var inner = items.Count == 1 ? items[0] : Finish(new SequenceExpression(items), items[0].Start);
        inner.Parenthesized = true;
        return inner;
    }

    private Node ParseRestTarget() =>
        IsPunctuator("[") || IsPunctuator("{") ? ParseBindingPattern() : ParseBindingIdentifier();

    private Node ParseAsyncCallOrHead(Node asyncName, int start)
    {
        Expect("(");
        var noIn = _noIn;
        _noIn = false;
        var pending = _coverError;
        _coverError = -1;
        var items = new List<Node>();
        while (!IsPunctuator(")"))
        {
            var itemStart = _token.Start;
            items.Add(TryPunctuator("...") ? Finish(new SpreadElement(ParseAssignment()), itemStart) : ParseAssignment());
            if (!IsPunctuator(")") && !TryPunctuator(","))
                throw Unexpected("',' or ')'");
        }

        _noIn = noIn;
        Advance();
        if (IsPunctuator("=>") && !_token.NewLineBefore)
        {
            _coverError = pending;
            return Finish(new ArrowHead(items, isAsync: true), start);
        }

        CheckCover();
        _coverError = pending;
        return Finish(new CallExpression(asyncName, items, optional: false), start);
    }

    private Node NoArrowHead(Node node) => node is ArrowHead ? throw Unexpected(expected: null) : node;

    /// <summary>What stands in brackets before <c>=&gt;</c>; lives only while parsing.</summary>
    private sealed class ArrowHead(List<Node> items, bool isAsync) : Node
    {
        public bool IsAsync { get; } = isAsync;

        public List<Node> Parameters(Parser parser)
        {
            var parameters = new List<Node>(items.Count);
            foreach (var item in items)
            {
                parameters.Add(item is SpreadElement spread
                    ? parser.Finish(new SpreadElement(parser.ToPattern(spread.Argument, binding: true)), spread.Start)
                    : parser.ToPatternElement(item, binding: true));
            }

            return parameters;
        }
    }
}
