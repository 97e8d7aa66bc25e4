namespace Automation.Expressions.JavaScript.Syntax;

/// <content>Calls, members and <c>new</c>.</content>
internal sealed partial class Parser
{
    /// <summary>A member, call or <c>new</c> expression.</summary>
    private Node ParseLeftHandSide()
    {
        var start = _token.Start;
        Node expression;
        if (IsKeyword("new"))
        {
            expression = ParseNew();
        }
        else
        {
            expression = ParsePrimary();
            if (expression is ArrowHead)
            {
                if (IsPunctuator("=>"))
                    return expression;
                expression = NoArrowHead(expression);
            }
            else if (expression is FunctionExpression { Function.IsArrow: true, Parenthesized: false })
            {
                return expression;
            }
        }

        return ParseTail(expression, start);
    }

    private Node ParseTail(Node expression, int start)
    {
        var optional = false;
        var chain = 0;
        while (true)
        {
            CheckChain(++chain);
            if (_token.Kind == TokenKind.Template)
            {
                if (optional)
                    throw Error(_token.Start, "Invalid tagged template on optional chain");
                expression = Finish(new TaggedTemplate(expression, ParseTemplate(tagged: true)), start);
                continue;
            }

            if (_token.Kind != TokenKind.Punctuator)
                break;
            if (_token.Text == ".")
            {
                Advance();
                expression = ParseMemberName(expression, start, optional: false);
            }
            else if (_token.Text == "?.")
            {
                Advance();
                optional = true;
                if (IsPunctuator("("))
                    expression = Finish(new CallExpression(expression, ParseArguments(), optional: true), start);
                else if (IsPunctuator("["))
                    expression = ParseIndex(expression, start, optional: true);
                else if (_token.Kind == TokenKind.Template)
                    throw Error(_token.Start, "Invalid tagged template on optional chain");
                else
                    expression = ParseMemberName(expression, start, optional: true);
            }
            else if (_token.Text == "[")
            {
                expression = ParseIndex(expression, start, optional: false);
            }
            else if (_token.Text == "(")
            {
                var isAsync = expression is Identifier { Name: "async", Parenthesized: false } && expression.End - expression.Start == 5 && !_token.NewLineBefore;
                if (isAsync)
                {
                    var head = ParseAsyncCallOrHead(expression, start);
                    if (head is ArrowHead)
                        return head;
                    expression = head;
                    continue;
                }

                if (expression is SuperExpression && !_function.AllowSuperCall)
                    throw Error(expression.Start, "'super' keyword unexpected here");
                expression = Finish(new CallExpression(expression, ParseArguments(), optional: false), start);
            }
            else
            {
                break;
            }
        }

        return optional ? Finish(new OptionalChain(expression), start) : expression;
    }

    private Node ParseIndex(Node target, int start, bool optional)
    {
        Advance();
        var index = ParseExpressionWithIn();
        Expect("]", "after the index");
        return Finish(new IndexExpression(target, index, optional), start);
    }

    private Node ParseMemberName(Node target, int start, bool optional)
    {
        if (_token.Kind == TokenKind.PrivateName)
        {
            if (target is SuperExpression)
                throw Unexpected(expected: null);
            var name = _token.Text;
            UsePrivate(name, _token.Start);
            Advance();
            return Finish(new MemberExpression(target, name, optional) { IsPrivateName = true }, start);
        }

        if (_token.Kind is not (TokenKind.Identifier or TokenKind.Keyword))
            throw Unexpected("a property name after '.'");
        var member = _token.Text;
        Advance();
        return Finish(new MemberExpression(target, member, optional), start);
    }

    private void UsePrivate(string name, int offset)
    {
        if (_class is null)
            throw Error(offset, $"Private field '{name}' must be declared in an enclosing class");
        _class.Used.Add((name, offset));
    }

    private ExpressionException UnclosedArguments()
    {
        if (_token.Kind == TokenKind.EndOfInput)
            return Error(_token.Start, "Unexpected end of input, missing ) after argument list");
        var unexpected = Unexpected("',' or ')'");
        return FollowsAwait(_token.Start) ? unexpected : Error(_token.Start, "missing ) after argument list: " + unexpected.Message);
    }

    private List<Node> ParseArguments()
    {
        Expect("(");
        var noIn = _noIn;
        _noIn = false;
        var arguments = new List<Node>();
        while (!IsPunctuator(")"))
        {
            var start = _token.Start;
            if (TryPunctuator("..."))
                arguments.Add(Finish(new SpreadElement(ParseCheckedAssignment()), start));
            else
                arguments.Add(ParseCheckedAssignment());
            if (!IsPunctuator(")") && !TryPunctuator(","))
                throw UnclosedArguments();
        }

        Advance();
        _noIn = noIn;
        return arguments;
    }

    private Node ParseNew()
    {
        var start = _token.Start;
        Advance();
        if (TryPunctuator("."))
        {
            if (!IsContextual("target"))
                throw Unexpected("'target' after 'new.'");
            if (!_function.AllowNewTarget)
                throw Error(start, "new.target expression is not allowed here");
            Advance();
            return Finish(new NewTargetExpression(), start);
        }

        var calleeStart = _token.Start;
        Enter();
        Node callee;
        if (IsKeyword("new"))
            callee = ParseNew();
        else if (IsKeyword("import"))
            throw NotSupported(_token.Start, "import() is");
        else
            callee = NoArrowHead(ParsePrimary());
        Leave();
        var chain = 0;
        while (true)
        {
            CheckChain(++chain);
            if (TryPunctuator("."))
                callee = ParseMemberName(callee, calleeStart, optional: false);
            else if (IsPunctuator("["))
                callee = ParseIndex(callee, calleeStart, optional: false);
            else if (_token.Kind == TokenKind.Template)
                callee = Finish(new TaggedTemplate(callee, ParseTemplate(tagged: true)), calleeStart);
            else
                break;
        }

        if (IsPunctuator("?."))
            throw Error(_token.Start, "Invalid optional chain from new expression");
        if (callee is SuperExpression)
            throw Error(calleeStart, "'super' keyword unexpected here");
        var arguments = IsPunctuator("(") ? ParseArguments() : [];
        return Finish(new NewExpression(callee, arguments), start);
    }
}
