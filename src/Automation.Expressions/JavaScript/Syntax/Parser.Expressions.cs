namespace Automation.Expressions.JavaScript.Syntax;

/// <content>Expressions, from the comma operator down to unary operators.</content>
internal sealed partial class Parser
{
    /// <summary>An expression at which no pattern can still come about.</summary>
    private Node ParseExpression()
    {
        var outer = _coverError;
        _coverError = -1;
        var expression = ParseSequence();
        CheckCover();
        _coverError = outer;
        return expression;
    }

    private Node ParseExpressionWithIn()
    {
        var noIn = _noIn;
        _noIn = false;
        var expression = ParseExpression();
        _noIn = noIn;
        return expression;
    }

    private void CheckCover()
    {
        if (_coverError >= 0)
            throw Error(_coverError, "Invalid shorthand property initializer: '=' is allowed here only in a destructuring pattern, use ':' in an object");
    }

    private Node ParseSequence()
    {
        var start = _token.Start;
        var first = ParseAssignment();
        if (!IsPunctuator(","))
            return first;
        var all = new List<Node> { first };
        while (TryPunctuator(","))
            all.Add(ParseAssignment());
        return Finish(new SequenceExpression(all), start);
    }

    /// <summary>An assignment expression where no pattern can come about from an enclosing construct.</summary>
    private Node ParseCheckedAssignment()
    {
        var outer = _coverError;
        _coverError = -1;
        var expression = ParseAssignment();
        CheckCover();
        _coverError = outer;
        return expression;
    }

    private Node ParseAssignment()
    {
        Enter();
        var start = _token.Start;
        if (IsContextual("yield") && _function.Strict)
            throw Unexpected(expected: null);
        if (_token.Kind == TokenKind.Identifier)
        {
            // The commonest arrow, `x => …`, is seen before anything is built.
            if (IsArrowNext())
            {
                var name = ParseBindingIdentifier();
                var arrow = ParseArrow(start, [name], isAsync: false);
                Leave();
                return arrow;
            }
        }

        var pending = _coverError;
        _coverError = -1;
        var left = ParseConditional();
        if (IsPunctuator("=>") && left is ArrowHead head)
        {
            _coverError = pending;
            if (_token.NewLineBefore)
                throw Unexpected(expected: null);
            var arrow = ParseArrow(start, head.Parameters(this), head.IsAsync);
            Leave();
            return arrow;
        }

        left = NoArrowHead(left);
        if (_token.Kind == TokenKind.Punctuator && IsAssignmentOperator(_token.Text))
        {
            var op = _token.Text;
            Node target;
            if (op == "=" && left is ObjectLiteral or ArrayLiteral && !left.Parenthesized)
            {
                target = ToPattern(left, binding: false);
                _coverError = -1;
            }
            else
            {
                target = ToSimpleTarget(left, "Invalid left-hand side in assignment");
            }

            Advance();
            var innerCover = _coverError;
            _coverError = -1;
            var value = ParseAssignment();
            CheckCoverUnless(value);
            _coverError = innerCover;
            left = Finish(new AssignmentExpression(op, target, value), start);
        }

        if (_coverError < 0)
            _coverError = pending;
        Leave();
        return left;
    }

    private bool IsArrowNext()
    {
        var at = _token.End;
        while (at < _source.Length && (_source[at] is ' ' or '\t'))
            at++;
        if (at >= _source.Length || _source[at] is not ('=' or '/'))
            return false;
        return PeekNext() is { Kind: TokenKind.Punctuator, Text: "=>", NewLineBefore: false };
    }

    private void CheckCoverUnless(Node value)
    {
        if (value is not AssignmentExpression)
            CheckCover();
    }

    private static bool IsAssignmentOperator(string text) =>
        text[^1] == '=' && text is "=" or "+=" or "-=" or "*=" or "/=" or "%=" or "**=" or "<<=" or ">>=" or ">>>=" or "&=" or "|=" or "^="
            or "&&=" or "||=" or "??=";

    private Node ParseConditional()
    {
        var start = _token.Start;
        var test = ParseBinary(0);
        if (!IsPunctuator("?"))
            return test;
        test = NoArrowHead(test);
        Advance();
        var noIn = _noIn;
        _noIn = false;
        var whenTrue = ParseCheckedAssignment();
        _noIn = noIn;
        Expect(":", "of the conditional operator");
        var whenFalse = ParseCheckedAssignment();
        return Finish(new ConditionalExpression(test, whenTrue, whenFalse), start);
    }

    private int Precedence()
    {
        if (_token.Kind == TokenKind.Keyword)
            return _token.Text == "instanceof" ? 7 : _token.Text == "in" && !_noIn ? 7 : 0;
        if (_token.Kind != TokenKind.Punctuator)
            return 0;
        return _token.Text switch
        {
            "??" => 1,
            "||" => 1,
            "&&" => 2,
            "|" => 3,
            "^" => 4,
            "&" => 5,
            "==" or "!=" or "===" or "!==" => 6,
            "<" or ">" or "<=" or ">=" => 7,
            "<<" or ">>" or ">>>" => 8,
            "+" or "-" => 9,
            "*" or "/" or "%" => 10,
            "**" => 11,
            _ => 0,
        };
    }

    private Node ParseBinary(int minimum)
    {
        var start = _token.Start;
        Node left;
        if (_token.Kind == TokenKind.PrivateName)
        {
            var name = _token.Text;
            Advance();
            if (!IsKeyword("in") || minimum >= 7)
                throw Unexpected("'in' after a private name");
            UsePrivate(name, start);
            Advance();
            left = Finish(new PrivateInExpression(name, NoArrowHead(ParseBinary(7))), start);
        }
        else
        {
            left = ParseUnary();
        }

        var chain = 0;
        while (true)
        {
            var precedence = Precedence();
            if (precedence == 0 || precedence <= minimum)
                return left;
            CheckChain(++chain);
            left = NoArrowHead(left);
            var op = _token.Text;
            if (op == "**" && left is UnaryExpression or AwaitExpression && !left.Parenthesized)
                throw Error(_token.Start, "Unary operator used immediately before exponentiation expression. Parenthesis must be used to disambiguate operator precedence");
            Advance();

            // `**` groups to the right; `??` must not be mixed with && and || unbracketed.
            if (op == "**")
                Enter();
            var right = NoArrowHead(ParseBinary(op == "**" ? precedence - 1 : precedence));
            if (op == "**")
                Leave();
            if (op is "&&" or "||" or "??")
            {
                CheckMix(op, left);
                CheckMix(op, right);
                left = Finish(new LogicalExpression(op, left, right), start);
            }
            else
            {
                left = Finish(new BinaryExpression(op, left, right), start);
            }
        }
    }

    private void CheckMix(string op, Node operand)
    {
        if (operand is LogicalExpression { Parenthesized: false } logical && (op == "??") != (logical.Operator == "??"))
            throw Error(operand.End, $"Unexpected token '{(op == "??" ? op : logical.Operator)}': ?? cannot be mixed with && or || without parentheses");
    }

    private Node ParseUnary()
    {
        var start = _token.Start;
        if (_token.Kind == TokenKind.Punctuator)
        {
            switch (_token.Text)
            {
                case "!" or "-" or "+" or "~":
                    return ParseUnaryOperator(start);
                case "++" or "--":
                    var increment = _token.Text == "++";
                    Advance();
                    Enter();
                    var target = ToSimpleTarget(NoArrowHead(ParseUnary()), "Invalid left-hand side expression in prefix operation");
                    Leave();
                    return Finish(new UpdateExpression(increment, prefix: true, target), start);
            }
        }
        else if (_token.Kind == TokenKind.Keyword && _token.Text is "typeof" or "void" or "delete")
        {
            return ParseUnaryOperator(start);
        }
        else if (IsContextual("await") && IsAwaitHere())
        {
            return ParseAwait(start);
        }

        return ParsePostfix(start);
    }

    private bool IsAwaitHere()
    {
        if (!_function.AwaitIsKeyword)
            return false;
        if (!_function.IsScript)
            return true;

        // At the top of a script `await` is an operator only if an operand follows.
        var next = PeekNext();
        return next.Kind is not (TokenKind.EndOfInput or TokenKind.Punctuator) && !(next.Kind == TokenKind.Keyword && next.Text is "in" or "instanceof")
            || next is { Kind: TokenKind.Punctuator, Text: "(" or "[" or "{" or "!" or "+" or "-" or "/" };
    }

    private AwaitExpression ParseAwait(int start)
    {
        Advance();
        _function.Node.AwaitPositions.Add(start);
        Enter();
        var operand = NoArrowHead(ParseUnary());
        Leave();
        return Finish(new AwaitExpression(operand), start);
    }

    private Node ParseUnaryOperator(int start)
    {
        var op = _token.Text;
        Advance();
        Enter();
        var operand = NoArrowHead(ParseUnary());
        Leave();
        if (op == "delete")
        {
            if (operand is Identifier && _function.Strict)
                throw Error(start, "Delete of an unqualified identifier in strict mode");
            var inner = operand is OptionalChain chain ? chain.Expression : operand;
            if (inner is MemberExpression { IsPrivateName: true })
                throw Error(start, "Private fields can not be deleted");
        }

        return Finish(new UnaryExpression(op, operand), start);
    }

    private Node ParsePostfix(int start)
    {
        var expression = ParseLeftHandSide();
        if (_token.Kind == TokenKind.Punctuator && (_token.Text is "++" or "--") && !_token.NewLineBefore)
        {
            var increment = _token.Text == "++";
            var target = ToSimpleTarget(NoArrowHead(expression), "Invalid left-hand side expression in postfix operation");
            Advance();
            return Finish(new UpdateExpression(increment, prefix: false, target), start);
        }

        return expression;
    }
}
