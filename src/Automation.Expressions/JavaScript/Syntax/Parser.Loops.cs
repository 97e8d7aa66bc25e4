namespace Automation.Expressions.JavaScript.Syntax;

/// <content>Loops.</content>
internal sealed partial class Parser
{
    private Node ParseLoopBody()
    {
        _function.LoopDepth++;
        var body = ParseStatement();
        _function.LoopDepth--;
        return body;
    }

    private Node ParseWhile(int start)
    {
        Advance();
        Expect("(", "after 'while'");
        var test = ParseExpression();
        Expect(")", "after the condition");
        return Finish(new WhileStatement(test, ParseLoopBody()), start);
    }

    private Node ParseDoWhile(int start)
    {
        Advance();
        var body = ParseLoopBody();
        ExpectKeyword("while");
        Expect("(", "after 'while'");
        var test = ParseExpression();
        Expect(")", "after the condition");
        TryPunctuator(";");
        return Finish(new DoWhileStatement(body, test), start);
    }

    private Node ParseFor(int start)
    {
        Advance();
        var isAwait = false;
        if (IsContextual("await") && _function.AwaitIsKeyword)
        {
            isAwait = true;
            _function.Node.AwaitPositions.Add(_token.Start);
            Advance();
        }

        Expect("(", "after 'for'");
        var declarations = new ScopeDeclarations();
        var outer = PushScope(declarations);
        var statement = ParseForHead(start, isAwait, declarations);
        _scope = outer;
        return statement;
    }

    private Node ParseForHead(int start, bool isAwait, ScopeDeclarations declarations)
    {
        Node? initializer = null;
        DeclarationKind? kind = IsKeyword("var") ? DeclarationKind.Var
            : IsKeyword("const") ? DeclarationKind.Const
            : IsContextual("let") && IsForLet() ? DeclarationKind.Let
            : null;
        var headStart = _token.Start;
        _noIn = true;
        if (kind is { } declared)
        {
            Advance();
            var declarators = ParseDeclarators(declared, inFor: true);
            _noIn = false;
            if (IsKeyword("in") || IsContextual("of"))
            {
                if (declarators.Count != 1)
                    throw Error(headStart, "Invalid left-hand side in for-in or for-of loop: Must have a single binding");
                if (declarators[0].Initializer is not null)
                    throw Error(headStart, "for-in or for-of loop variable declaration may not have an initializer");
                return ParseForEach(start, isAwait, declared, declarators[0].Target, declarations);
            }

            initializer = Finish(new VariableStatement(declared, declarators), headStart);
        }
        else if (!IsPunctuator(";"))
        {
            var startsWithLet = IsContextual("let");
            var startsWithAsync = IsContextual("async") && PeekNext() is { Kind: TokenKind.Identifier, Text: "of" };
            var pending = _coverError;
            _coverError = -1;
            var expression = ParseSequence();
            _noIn = false;
            if (IsKeyword("in") || IsContextual("of"))
            {
                if (IsContextual("of") && (startsWithLet || (startsWithAsync && !isAwait)))
                    throw Error(headStart, $"The left-hand side of a for-of loop may not be '{(startsWithLet ? "let" : "async")}'");
                var target = expression is ObjectLiteral or ArrayLiteral && !expression.Parenthesized
                    ? ToPattern(expression, binding: false)
                    : ToSimpleTarget(expression, "Invalid left-hand side in for-loop");
                _coverError = pending;
                return ParseForEach(start, isAwait, declaration: null, target, declarations);
            }

            CheckCover();
            _coverError = pending;
            initializer = expression;
        }

        _noIn = false;
        if (isAwait)
            throw Unexpected("'of' in a for await loop");
        Expect(";", "in the head of the for loop");
        var test = IsPunctuator(";") ? null : ParseExpression();
        Expect(";", "after the condition of the for loop");
        var update = IsPunctuator(")") ? null : ParseExpression();
        Expect(")", "after the head of the for loop");
        return Finish(new ForStatement(initializer, test, update, ParseLoopBody(), declarations), start);
    }

    private bool IsForLet()
    {
        var next = PeekNext();
        if (next is { Kind: TokenKind.Identifier, Text: "of" })
        {
            // `for (let of …)` is an error in the language, `for (let of = 1; …)` is not worth telling apart.
            return false;
        }

        return next.Kind == TokenKind.Identifier || (next.Kind == TokenKind.Punctuator && next.Text is "[" or "{");
    }

    private Node ParseForEach(int start, bool isAwait, DeclarationKind? declaration, Node target, ScopeDeclarations declarations)
    {
        var isOf = IsContextual("of");
        if (isAwait && !isOf)
            throw Unexpected("'of' in a for await loop");
        Advance();
        var source = isOf ? ParseCheckedAssignment() : ParseExpression();
        foreach (var declared in declarations.Lexical)
            declared.InitializedFrom = _previousEnd;
        Expect(")", "after the head of the for loop");
        var body = ParseLoopBody();
        var kind = isAwait ? ForEachKind.AwaitOf : isOf ? ForEachKind.Of : ForEachKind.In;
        return Finish(new ForEachStatement(kind, declaration, target, source, body, declarations), start);
    }
}
