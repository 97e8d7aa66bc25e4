namespace Automation.Expressions.JavaScript.Syntax;

/// <content>Functions, arrows, methods and classes.</content>
internal sealed partial class Parser
{
    private FunctionContext PushFunction(FunctionNode node)
    {
        var outer = _function;
        _function = new FunctionContext(node, outer)
        {
            Strict = outer.Strict,
            AllowReturn = true,
            AwaitIsKeyword = node.IsAsync,
            AllowNewTarget = true,
        };
        return outer;
    }

    private Node ParseFunctionExpression()
    {
        var start = _token.Start;
        return Finish(new FunctionExpression(ParseFunction(isDeclaration: false)), start);
    }

    private FunctionNode ParseFunction(bool isDeclaration)
    {
        var start = _token.Start;
        var isAsync = IsContextual("async");
        if (isAsync)
            Advance();
        Advance();
        if (IsPunctuator("*"))
            throw NotSupported(start, "Generators are");
        var node = new FunctionNode { IsAsync = isAsync, IsDeclaration = isDeclaration, IsExpression = !isDeclaration };
        var nameToken = _token;
        if (isDeclaration)
        {
            if (IsPunctuator("("))
                throw Error(nameToken.Start, "Function statements require a function name");
            node.Name = ParseBindingIdentifier().Name;
        }
        else if (_token.Kind == TokenKind.Identifier)
        {
            if (isAsync && _token.Text == "await")
                throw Unexpected(expected: null);
            var awaits = _function.AwaitIsKeyword;
            _function.AwaitIsKeyword = isAsync;
            node.Name = ParseBindingIdentifier().Name;
            _function.AwaitIsKeyword = awaits;
        }

        var outer = PushFunction(node);
        ParseParametersAndBody(node, start);
        _function = outer;
        if (node.IsStrict && node.Name is "eval" or "arguments")
            throw Error(nameToken.Start, "Unexpected eval or arguments in strict mode");
        if (node.IsStrict && !outer.Strict && node.Name is not null)
            CheckStrictName(node.Name, nameToken.Start);
        return node;
    }

    private void CheckStrictName(string name, int start)
    {
        if (name is "implements" or "interface" or "let" or "package" or "private" or "protected" or "public" or "static" or "yield")
            throw Error(start, "Unexpected strict mode reserved word");
        if (name is "eval" or "arguments")
            throw Error(start, "Unexpected eval or arguments in strict mode");
    }

    private FunctionNode ParseMethod(int start, Node key, PropertyKind kind, bool isAsync, bool isConstructor = false, bool isDerived = false)
    {
        _ = key;
        var node = new FunctionNode
        {
            IsAsync = isAsync,
            IsMethod = true,
            IsGetter = kind == PropertyKind.Getter,
            IsSetter = kind == PropertyKind.Setter,
            IsClassConstructor = isConstructor,
            IsDerivedConstructor = isDerived,
        };
        var outer = PushFunction(node);
        _function.AllowSuperProperty = true;
        _function.AllowSuperCall = isDerived;
        ParseParametersAndBody(node, start);
        _function = outer;
        if (node.IsGetter && node.Parameters.Count != 0)
            throw Error(start, "Getter must not have any formal parameters");
        if (node.IsSetter && (node.Parameters.Count != 1 || node.Parameters[0] is SpreadElement))
            throw Error(start, "Setter must have exactly one formal parameter");
        return node;
    }

    private void ParseParametersAndBody(FunctionNode node, int start)
    {
        var outerScope = _scope;
        _scope = NewScope(isFunctionBody: true, node.Scope);
        var noIn = _noIn;
        _noIn = false;
        Expect("(", "before the parameters");
        var parameterStart = _token.Start;
        while (!IsPunctuator(")"))
        {
            var at = _token.Start;
            if (TryPunctuator("..."))
            {
                node.Parameters.Add(Finish(new SpreadElement(ParseBindingTarget()), at));
                if (IsPunctuator("="))
                    throw Error(_token.Start, "Rest parameter may not have a default initializer");
                if (!IsPunctuator(")"))
                    throw Error(_token.Start, "Rest parameter must be last formal parameter");
                break;
            }

            node.Parameters.Add(ParseBindingElement());
            if (!IsPunctuator(")") && !TryPunctuator(","))
                throw Unexpected("',' or ')' after a parameter");
        }

        if (node.IsAsync && node.AwaitPositions.Count > 0)
            throw Error(node.AwaitPositions[0], "Illegal await-expression in formal parameters of async function");
        Advance();
        BindParameters(node);
        ParseBody(node, parameterStart);
        node.Start = start;
        node.End = _previousEnd;
        _noIn = noIn;
        _scope = outerScope;
    }

    private void BindParameters(FunctionNode node)
    {
        var names = new HashSet<string>();
        var counting = true;
        foreach (var parameter in node.Parameters)
        {
            if (parameter is Identifier)
            {
                if (counting)
                    node.Length++;
            }
            else
            {
                node.HasSimpleParameters = false;
                if (parameter is ArrayPattern or ObjectPattern && counting)
                    node.Length++;
                else
                    counting = false;
            }

            CollectParameterNames(parameter, names);
        }

        _scope.Parameters = names;
    }

    private static void CollectParameterNames(Node parameter, HashSet<string> names)
    {
        var identifiers = new List<Identifier>();
        CollectNames(parameter is SpreadElement rest ? rest.Argument : parameter, identifiers);
        foreach (var identifier in identifiers)
            names.Add(identifier.Name);
    }

    private void ParseBody(FunctionNode node, int parameterStart)
    {
        Enter();
        Expect("{", "before the function's body");
        ParseDirectives(node);
        while (!IsPunctuator("}"))
        {
            if (_token.Kind == TokenKind.EndOfInput)
                throw Unexpected("'}' at the end of a function's body");
            node.Body.Add(ParseStatementListItem());
        }

        EndBody(node, parameterStart);

        // The token after the body belongs to the surrounding code.
        Advance();
        Leave();
    }

    private void EndBody(FunctionNode node, int parameterStart)
    {
        node.IsStrict = _function.Strict;
        node.VarNames.AddRange(_function.VarNames);
        CheckParameterNames(node, parameterStart);
    }

    private void CheckParameterNames(FunctionNode node, int start)
    {
        var strict = node.IsStrict;
        var unique = strict || node.IsArrow || node.IsMethod || !node.HasSimpleParameters;
        if (!unique)
            return;
        var identifiers = new List<Identifier>();
        foreach (var parameter in node.Parameters)
            CollectNames(parameter is SpreadElement rest ? rest.Argument : parameter, identifiers);
        var seen = new HashSet<string>();
        foreach (var identifier in identifiers)
        {
            if (strict)
                CheckStrictName(identifier.Name, identifier.Start);
            if (!seen.Add(identifier.Name))
                throw Error(Math.Max(identifier.Start, start), "Duplicate parameter name not allowed in this context");
        }
    }

    private void ParseDirectives(FunctionNode node)
    {
        var octal = -1;
        while (_token.Kind == TokenKind.String)
        {
            var token = _token;
            if (token.LegacyOctal && octal < 0)
                octal = token.Start;
            var isUseStrict = token.Text == "use strict" && !token.Escaped && token.End - token.Start == 12;
            var after = PeekNext();
            var isDirective = after.Kind == TokenKind.EndOfInput
                || (after.Kind == TokenKind.Punctuator && after.Text is ";" or "}")
                || (after.NewLineBefore && !(after.Kind == TokenKind.Punctuator && after.Text is not ("{" or "!" or "~" or "++" or "--" or "}" or ";"))
                    && !(after.Kind == TokenKind.Keyword && after.Text is "in" or "instanceof") && after.Kind != TokenKind.Template);
            if (!isDirective)
                return;
            if (isUseStrict)
            {
                if (!node.HasSimpleParameters)
                    throw Error(token.Start, "Illegal 'use strict' directive in function with non-simple parameter list");
                _function.Strict = true;
                if (octal >= 0)
                    throw Error(octal, "Octal escape sequences are not allowed in strict mode");
            }

            node.Body.Add(ParseStatement());
        }
    }

    private Node ParseAsyncArrow(int start)
    {
        Advance();
        if (_token.Text == "await")
            throw Unexpected(expected: null);
        var parameter = ParseBindingIdentifier();
        if (!IsPunctuator("=>") || _token.NewLineBefore)
            throw Unexpected("'=>' after the parameter of an async arrow function");
        return ParseArrow(start, [parameter], isAsync: true);
    }

    private FunctionExpression ParseArrow(int start, List<Node> parameters, bool isAsync)
    {
        if (_token.NewLineBefore)
            throw Unexpected(expected: null);
        if (_function.Node.AwaitPositions is [.., var awaited] && awaited >= start)
            throw Error(awaited, "Illegal await-expression in formal parameters of an arrow function");
        var node = new FunctionNode { IsArrow = true, IsAsync = isAsync, Parameters = parameters };
        var outer = _function;
        PushFunction(node);
        _function.AllowNewTarget = outer.AllowNewTarget;
        _function.AllowSuperCall = outer.AllowSuperCall;
        _function.AllowSuperProperty = outer.AllowSuperProperty;
        _function.ForbidArguments = outer.ForbidArguments;
        var outerScope = _scope;
        _scope = NewScope(isFunctionBody: true, node.Scope);
        BindParameters(node);
        if (isAsync)
        {
            var identifiers = new List<Identifier>();
            foreach (var parameter in parameters)
                CollectNames(parameter is SpreadElement rest ? rest.Argument : parameter, identifiers);
            foreach (var identifier in identifiers)
            {
                if (identifier.Name == "await")
                    throw Error(identifier.Start, "Unexpected reserved word 'await'");
            }
        }

        Advance();
        if (IsPunctuator("{"))
        {
            var noIn = _noIn;
            _noIn = false;
            ParseBody(node, start);
            _noIn = noIn;
        }
        else
        {
            node.ExpressionBody = ParseCheckedAssignment();
            EndBody(node, start);
        }

        _scope = outerScope;
        _function = outer;
        node.Start = start;
        node.End = _previousEnd;
        return Finish(new FunctionExpression(node), start);
    }
}
