namespace Automation.Expressions.JavaScript.Syntax;

/// <content>Statements and declarations.</content>
internal sealed partial class Parser
{
    private Node ParseStatementListItem()
    {
        var start = _token.Start;
        if (_token.Kind == TokenKind.Keyword)
        {
            switch (_token.Text)
            {
                case "function":
                    return ParseFunctionDeclaration(start);
                case "class":
                    return ParseClassDeclaration(start);
                case "const":
                    return ParseLexicalDeclaration(start, DeclarationKind.Const);
            }
        }
        else if (IsContextual("let") && IsLetDeclaration())
        {
            return ParseLexicalDeclaration(start, DeclarationKind.Let);
        }
        else if (IsContextual("async") && PeekNext() is { Kind: TokenKind.Keyword, Text: "function", NewLineBefore: false })
        {
            return ParseFunctionDeclaration(start);
        }

        return ParseStatement();
    }

    private bool IsLetDeclaration()
    {
        var next = PeekNext();
        return next.Kind == TokenKind.Identifier || (next.Kind == TokenKind.Punctuator && next.Text is "[" or "{")
            || (next.Kind == TokenKind.Keyword && next.Text is not ("in" or "instanceof"));
    }

    private Node ParseFunctionDeclaration(int start)
    {
        var function = ParseFunction(isDeclaration: true);
        DeclareFunction(function, start);
        return Finish(new FunctionDeclaration(function), start);
    }

    private Node ParseClassDeclaration(int start)
    {
        var nameStart = PeekNext().Start;
        var definition = ParseClass(isDeclaration: true);
        var declaration = DeclareLexical(definition.Name!, DeclarationKind.Class, nameStart);
        declaration.InitializedFrom = _previousEnd;
        return Finish(new ClassDeclaration(definition), start);
    }

    private Node ParseLexicalDeclaration(int start, DeclarationKind kind)
    {
        Advance();
        var declarators = ParseDeclarators(kind, inFor: false);
        ConsumeSemicolon();
        return Finish(new VariableStatement(kind, declarators), start);
    }

    private List<VariableDeclarator> ParseDeclarators(DeclarationKind kind, bool inFor)
    {
        var declarators = new List<VariableDeclarator>();
        do
        {
            var start = _token.Start;
            var target = ParseBindingTarget();
            var declared = Declare(target, kind);
            Node? initializer = null;
            if (TryPunctuator("="))
                initializer = ParseCheckedAssignment();
            else if (!(inFor && (IsKeyword("in") || IsContextual("of"))))
                RequireInitializer(target, kind);
            foreach (var declaration in declared)
                declaration.InitializedFrom = _previousEnd;
            declarators.Add(Finish(new VariableDeclarator(target, initializer), start));
        }
        while (TryPunctuator(","));
        return declarators;
    }

    private void RequireInitializer(Node target, DeclarationKind kind)
    {
        if (target is not Identifier)
            throw Error(_token.Start, "Missing initializer in destructuring declaration");
        if (kind == DeclarationKind.Const)
            throw Error(_token.Start, "Missing initializer in const declaration");
    }

    private List<Declaration> Declare(Node target, DeclarationKind kind)
    {
        var names = new List<Identifier>();
        CollectNames(target, names);
        var declared = new List<Declaration>();
        foreach (var name in names)
        {
            if (kind == DeclarationKind.Var)
                DeclareVar(name.Name, name.Start);
            else
                declared.Add(DeclareLexical(name.Name, kind, name.Start));
        }

        return declared;
    }

    private Node ParseStatement()
    {
        Enter();
        var statement = ParseStatementInner();
        Leave();
        return statement;
    }

    private Node ParseStatementInner()
    {
        var start = _token.Start;
        if (_token.Kind == TokenKind.Punctuator)
        {
            if (_token.Text == "{")
                return ParseBlock();
            if (_token.Text == ";")
            {
                Advance();
                return Finish(new EmptyStatement(), start);
            }
        }
        else if (_token.Kind == TokenKind.Keyword)
        {
            switch (_token.Text)
            {
                case "var":
                    Advance();
                    var declarators = ParseDeclarators(DeclarationKind.Var, inFor: false);
                    ConsumeSemicolon();
                    return Finish(new VariableStatement(DeclarationKind.Var, declarators), start);
                case "if": return ParseIf(start);
                case "for": return ParseFor(start);
                case "while": return ParseWhile(start);
                case "do": return ParseDoWhile(start);
                case "switch": return ParseSwitch(start);
                case "break" or "continue": return ParseJump(start);
                case "return": return ParseReturn(start);
                case "throw": return ParseThrow(start);
                case "try": return ParseTry(start);
                case "debugger":
                    Advance();
                    ConsumeSemicolon();
                    return Finish(new EmptyStatement(), start);
                case "with": throw NotSupported(start, "The with statement is");
                case "import" or "export": throw NotSupported(start, $"Modules ({_token.Text}) are");
                case "function":
                    throw Error(start, _function.Strict
                        ? "In strict mode code, functions can only be declared at top level or inside a block"
                        : "In non-strict mode code, functions can only be declared at top level, inside a block, or as the body of an if statement");
                case "class" or "const": throw Unexpected(expected: null);
            }
        }
        else if (_token.Kind == TokenKind.Identifier)
        {
            if (IsContextual("let"))
            {
                var next = PeekNext();
                if (next is { Kind: TokenKind.Punctuator, Text: "[" } || (next is { Kind: TokenKind.Identifier } or { Kind: TokenKind.Punctuator, Text: "{" } && !next.NewLineBefore))
                    throw Error(start, "Lexical declaration cannot appear in a single-statement context");
            }

            if (IsContextual("async") && PeekNext() is { Kind: TokenKind.Keyword, Text: "function", NewLineBefore: false })
                throw Error(start, "Async functions can only be declared at the top level or inside a block");
            if (PeekNext() is { Kind: TokenKind.Punctuator, Text: ":" })
                return ParseLabeled(start);
        }

        var expression = ParseExpression();
        ConsumeSemicolon();
        return Finish(new ExpressionStatement(expression), start);
    }

    private BlockStatement ParseBlock()
    {
        var start = _token.Start;
        var declarations = new ScopeDeclarations();
        var outer = PushScope(declarations);
        var body = ParseBlockBody();
        _scope = outer;
        return Finish(new BlockStatement(body, declarations), start);
    }

    private List<Node> ParseBlockBody()
    {
        Expect("{");
        var body = new List<Node>();
        while (!IsPunctuator("}"))
        {
            if (_token.Kind == TokenKind.EndOfInput)
                throw Unexpected("'}'");
            body.Add(ParseStatementListItem());
        }

        Advance();
        return body;
    }

    private Node ParseIf(int start)
    {
        Advance();
        Expect("(", "after 'if'");
        var test = ParseExpression();
        Expect(")", "after the condition");
        var then = ParseIfBranch();
        var otherwise = TryKeyword("else") ? ParseIfBranch() : null;
        return Finish(new IfStatement(test, then, otherwise), start);
    }

    private Node ParseIfBranch()
    {
        if (!IsKeyword("function") || _function.Strict)
            return ParseStatement();
        var start = _token.Start;
        var declarations = new ScopeDeclarations();
        var outer = PushScope(declarations);
        var body = new List<Node> { ParseFunctionDeclaration(start) };
        _scope = outer;
        return Finish(new BlockStatement(body, declarations), start);
    }

    private Node ParseSwitch(int start)
    {
        Advance();
        Expect("(", "after 'switch'");
        var subject = ParseExpression();
        Expect(")", "after the subject of switch");
        Expect("{", "before the cases");
        var declarations = new ScopeDeclarations();
        var outer = PushScope(declarations);
        _function.SwitchDepth++;
        var cases = new List<SwitchCase>();
        var hasDefault = false;
        while (!TryPunctuator("}"))
        {
            Node? test = null;
            if (TryKeyword("default"))
            {
                if (hasDefault)
                    throw Error(_token.Start, "More than one default clause in switch statement");
                hasDefault = true;
            }
            else
            {
                if (!TryKeyword("case"))
                    throw Unexpected("'case', 'default' or '}'");
                test = ParseExpression();
            }

            Expect(":", "after the case");
            var body = new List<Node>();
            while (!IsPunctuator("}") && !IsKeyword("case") && !IsKeyword("default"))
            {
                if (_token.Kind == TokenKind.EndOfInput)
                    throw Unexpected("'}' at the end of switch");
                body.Add(ParseStatementListItem());
            }

            cases.Add(new SwitchCase(test, body));
        }

        _function.SwitchDepth--;
        _scope = outer;

        // A case may be jumped over, so no declaration in it counts as initialised by its place in the text.
        foreach (var declaration in declarations.Lexical)
            declaration.InitializedFrom = int.MaxValue;
        return Finish(new SwitchStatement(subject, cases, declarations), start);
    }

    private Node ParseLabeled(int start)
    {
        var label = ParseIdentifier().Name;
        Advance();
        foreach (var (name, _) in _function.Labels)
        {
            if (name == label)
                throw Error(start, $"Label '{label}' has already been declared");
        }

        var isLoop = IsLoopAhead();
        _function.Labels.Add((label, isLoop));
        Node body;
        if (IsKeyword("function"))
        {
            if (_function.Strict)
                throw Error(_token.Start, "In strict mode code, functions can only be declared at top level or inside a block");
            if (PeekNext() is { Kind: TokenKind.Punctuator, Text: "*" })
                throw NotSupported(_token.Start, "Generators are");
            body = ParseFunctionDeclaration(_token.Start);
        }
        else
        {
            body = ParseStatement();
        }

        _function.Labels.RemoveAt(_function.Labels.Count - 1);
        return Finish(new LabeledStatement(label, body), start);
    }

    /// <summary>Whether, past further labels, a loop follows.</summary>
    private bool IsLoopAhead()
    {
        var position = _lexer.Position;
        var token = _token;
        var end = _previousEnd;
        while (_token.Kind == TokenKind.Identifier && PeekNext() is { Kind: TokenKind.Punctuator, Text: ":" })
        {
            Advance();
            Advance();
        }

        var isLoop = _token.Kind == TokenKind.Keyword && _token.Text is "for" or "while" or "do";
        _lexer.Position = position;
        _token = token;
        _previousEnd = end;
        return isLoop;
    }

    private Node ParseJump(int start)
    {
        var isBreak = _token.Text == "break";
        Advance();
        string? label = null;
        if (_token.Kind == TokenKind.Identifier && !_token.NewLineBefore)
        {
            var at = _token.Start;
            label = ParseIdentifier().Name;
            var known = _function.Labels.FindIndex(l => l.Name == label);
            if (known < 0)
                throw Error(at, $"Undefined label '{label}'");
            if (!isBreak && !_function.Labels[known].IsLoop)
                throw Error(at, $"Illegal continue statement: '{label}' does not denote an iteration statement");
        }
        else if (isBreak ? _function.LoopDepth + _function.SwitchDepth == 0 : _function.LoopDepth == 0)
        {
            throw Error(start, isBreak ? "Illegal break statement" : "Illegal continue statement: no surrounding iteration statement");
        }

        ConsumeSemicolon();
        return isBreak ? Finish(new BreakStatement(label), start) : Finish(new ContinueStatement(label), start);
    }

    private Node ParseReturn(int start)
    {
        if (!_function.AllowReturn)
            throw Error(start, "Illegal return statement");
        Advance();
        Node? value = null;
        if (!IsPunctuator(";") && !IsPunctuator("}") && _token.Kind != TokenKind.EndOfInput && !_token.NewLineBefore)
            value = ParseExpression();
        ConsumeSemicolon();
        return Finish(new ReturnStatement(value), start);
    }

    private Node ParseThrow(int start)
    {
        Advance();
        if (_token.NewLineBefore)
            throw Error(_token.Start, "Illegal newline after throw");
        var value = ParseExpression();
        ConsumeSemicolon();
        return Finish(new ThrowStatement(value), start);
    }

    private Node ParseTry(int start)
    {
        Advance();
        var block = ParseBlock();
        Node? parameter = null;
        ScopeDeclarations? catchScope = null;
        BlockStatement? handler = null;
        if (TryKeyword("catch"))
        {
            catchScope = new ScopeDeclarations();
            var outer = PushScope(catchScope);
            HashSet<string>? simple = null;
            if (TryPunctuator("("))
            {
                parameter = ParseBindingTarget();
                var names = new List<Identifier>();
                CollectNames(parameter, names);
                foreach (var name in names)
                    DeclareLexical(name.Name, DeclarationKind.CatchParameter, name.Start).InitializedFrom = _token.Start;
                simple = [.. names.Select(n => n.Name)];
                if (parameter is Identifier)
                    _scope.Lexical.Clear();
                Expect(")", "after the catch parameter");
            }

            var bodyStart = _token.Start;
            var declarations = new ScopeDeclarations();
            var catchParse = PushScope(declarations);
            _scope.SimpleCatchParameters = simple;
            var body = ParseBlockBody();
            _scope = catchParse;
            handler = Finish(new BlockStatement(body, declarations), bodyStart);
            _scope = outer;
        }

        var finalizer = TryKeyword("finally") ? ParseBlock() : null;
        if (handler is null && finalizer is null)
            throw Error(_token.Start, "Missing catch or finally after try");
        return Finish(new TryStatement(block, parameter, catchScope, handler, finalizer), start);
    }
}
