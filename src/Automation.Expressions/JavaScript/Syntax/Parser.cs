namespace Automation.Expressions.JavaScript.Syntax;

/// <summary>
/// Recursive descent over the tokens. Positions are offsets; errors say what was found and, where it helps, what was expected.
/// </summary>
internal sealed partial class Parser
{
    private readonly string _source;
    private readonly Lexer _lexer;
    private readonly ExpressionLimits _limits;
    private readonly bool _scriptGoal;
    private Token _token;
    private int _previousEnd;
    private FunctionContext _function = null!;
    private ParseScope _scope = null!;
    private ClassContext? _class;
    private bool _noIn;
    private int _depth;
    private int _scopes;

    /// <summary>Where a <c>{a = 1}</c> stands that is right only if it turns out to be a pattern; -1 if none.</summary>
    private int _coverError = -1;

    /// <summary>Where <c>await</c> was last taken for a name; -1 if nowhere.</summary>
    private int _awaitName = -1;

    private Parser(string source, ExpressionLimits limits, bool scriptGoal)
    {
        _source = source;
        _limits = limits;
        _scriptGoal = scriptGoal;
        _lexer = new Lexer(source);
    }

    /// <summary>Parses a whole source.</summary>
    /// <param name="source">The text.</param>
    /// <param name="limits">How deep and how rich in functions it may be.</param>
    /// <param name="scriptGoal">
    /// Parse exactly as an ECMAScript Script: no <c>return</c> or <c>await</c> at the top and no object literal at the start.
    /// </param>
    public static FunctionNode Parse(string source, ExpressionLimits limits, bool scriptGoal = false)
    {
        if (!scriptGoal && StartsWithBrace(source))
        {
            // As in a browser's console, `{ a: 1 }` means the object; text that is no expression is a block after all.
            var parser = new Parser(source, limits, scriptGoal);
            try
            {
                return parser.ParseObjectSource();
            }
            catch (ExpressionException e) when (e.Kind == ExpressionErrorKind.Syntax)
            {
                try
                {
                    return new Parser(source, limits, scriptGoal).ParseProgram();
                }
                catch (ExpressionException asBlock) when (asBlock.Kind == ExpressionErrorKind.Syntax && IsLater(e, asBlock))
                {
                    throw e;
                }
            }
        }

        return new Parser(source, limits, scriptGoal).ParseProgram();
    }

    private static bool IsLater(ExpressionException a, ExpressionException b) =>
        a.Line > b.Line || (a.Line == b.Line && a.Column > b.Column);

    private static bool StartsWithBrace(string source)
    {
        foreach (var c in source)
        {
            if (!CharacterClasses.IsWhiteSpaceOrLineTerminator(c))
                return c == '{';
        }

        return false;
    }

    private FunctionNode ParseObjectSource()
    {
        var program = BeginProgram();
        var expression = ParseExpression();
        if (IsPunctuator(";"))
            Advance();
        if (_token.Kind != TokenKind.EndOfInput)
            throw Unexpected("the end of the expression");
        program.Body.Add(Finish(new ExpressionStatement(expression), expression.Start));
        return EndProgram(program);
    }

    private FunctionNode ParseProgram()
    {
        var program = BeginProgram();
        ParseDirectives(program);
        while (_token.Kind != TokenKind.EndOfInput)
            program.Body.Add(ParseStatementListItem());
        return EndProgram(program);
    }

    private FunctionNode BeginProgram()
    {
        var program = new FunctionNode { Start = 0 };
        _function = new FunctionContext(program, parent: null)
        {
            IsScript = true,
            AllowReturn = !_scriptGoal,
            AwaitIsKeyword = !_scriptGoal,
        };
        _scope = NewScope(isFunctionBody: true, program.Scope);
        _token = _lexer.Next();
        return program;
    }

    private FunctionNode EndProgram(FunctionNode program)
    {
        program.End = _source.Length;
        program.IsAsync = program.AwaitPositions.Count > 0;
        program.IsStrict = _function.Strict;
        program.VarNames.AddRange(_function.VarNames);
        return program;
    }

    // ---- tokens ----

    private void Advance()
    {
        _previousEnd = _token.End;
        _token = _lexer.Next();
    }

    /// <summary>The token after the current one; the current one stays.</summary>
    private Token PeekNext()
    {
        var position = _lexer.Position;
        _lexer.Position = _token.End;
        try
        {
            return _lexer.Next();
        }
        finally
        {
            _lexer.Position = position;
        }
    }

    private bool IsPunctuator(string text) => _token.Kind == TokenKind.Punctuator && _token.Text == text;

    private bool IsKeyword(string text) => _token.Kind == TokenKind.Keyword && _token.Text == text;

    private bool IsContextual(string text) => _token.Kind == TokenKind.Identifier && !_token.Escaped && _token.Text == text;

    private bool TryPunctuator(string text)
    {
        if (!IsPunctuator(text))
            return false;
        Advance();
        return true;
    }

    private bool TryKeyword(string text)
    {
        if (!IsKeyword(text))
            return false;
        Advance();
        return true;
    }

    private void Expect(string punctuator, string? context = null)
    {
        if (!TryPunctuator(punctuator))
            throw Unexpected("'" + punctuator + "'" + (context is null ? "" : " " + context));
    }

    private void ExpectKeyword(string keyword)
    {
        if (!TryKeyword(keyword))
            throw Unexpected("'" + keyword + "'");
    }

    private void ConsumeSemicolon()
    {
        if (TryPunctuator(";"))
            return;
        if (IsPunctuator("}") || _token.Kind == TokenKind.EndOfInput || _token.NewLineBefore)
            return;
        throw Unexpected(expected: null);
    }

    // ---- errors ----

    private ExpressionException Error(int offset, string message) => SyntaxErrors.At(_source, offset, message);

    private ExpressionException NotSupported(int offset, string what) => SyntaxErrors.NotSupported(_source, offset, what);

    private ExpressionException Unexpected(string? expected) => Unexpected(_token, expected);

    private ExpressionException Unexpected(in Token token, string? expected)
    {
        if (FollowsAwait(token.Start))
            return Error(_awaitName, "await is only valid in async functions and at the top of a script");
        var found = token.Kind switch
        {
            TokenKind.EndOfInput => "Unexpected end of input",
            TokenKind.String => "Unexpected string",
            TokenKind.Number or TokenKind.BigInteger => "Unexpected number",
            TokenKind.Template => "Unexpected template string",
            TokenKind.Identifier => $"Unexpected identifier '{token.Text}'",
            _ => $"Unexpected token '{token.Text}'",
        };
        return Error(token.Start, expected is null ? found : $"{found}, expected {expected}");
    }

    /// <summary>Whether a token stands right behind an <c>await</c> that was taken for a name: it was meant as the operator.</summary>
    private bool FollowsAwait(int start)
    {
        var end = _awaitName + "await".Length;
        return _awaitName >= 0 && end < start && _source.AsSpan(end, start - end).IsWhiteSpace();
    }

    // ---- bookkeeping ----

    private T Finish<T>(T node, int start)
        where T : Node
    {
        node.Start = start;
        node.End = _previousEnd;
        return node;
    }

    private void Enter()
    {
        if (++_depth > _limits.MaxSourceDepth)
            throw SyntaxErrors.Limit(_source, _token.Start, $"The source is nested deeper than the limit of {_limits.MaxSourceDepth} (MaxSourceDepth)");
    }

    private void Leave() => _depth--;

    private void CheckChain(int length)
    {
        var longest = _limits.MaxSourceDepth * 10;
        if (length > longest)
            throw SyntaxErrors.Limit(_source, _token.Start, $"A chain of operators is longer than the limit of {longest} (ten times MaxSourceDepth)");
    }

    /// <summary>Counts what makes a scope of its own, which takes far more time and memory to compile than it takes text.</summary>
    private void CountScope()
    {
        if (++_scopes > _limits.MaxSourceScopes)
            throw SyntaxErrors.Limit(_source, _token.Start, $"The source has more functions, classes and blocks than the limit of {_limits.MaxSourceScopes} (MaxSourceScopes)");
    }

    private ParseScope NewScope(bool isFunctionBody, ScopeDeclarations declarations)
    {
        CountScope();
        return new ParseScope(_scope, _function, isFunctionBody, declarations);
    }

    private ParseScope PushScope(ScopeDeclarations declarations)
    {
        var outer = _scope;
        _scope = NewScope(isFunctionBody: false, declarations);
        return outer;
    }

    private Declaration DeclareLexical(string name, DeclarationKind kind, int start)
    {
        var scope = _scope;
        if (kind is DeclarationKind.Let or DeclarationKind.Const && name == "let")
            throw Error(start, "let is disallowed as a lexically bound name");
        if (scope.Lexical.TryGetValue(name, out var before))
        {
            var sloppyFunctions = kind == DeclarationKind.Function && before == DeclarationKind.Function && !_function.Strict;
            if (!sloppyFunctions)
                throw AlreadyDeclared(name, start);
        }

        if (scope.VarsThrough?.Contains(name) == true || scope.Parameters?.Contains(name) == true
            || scope.SimpleCatchParameters?.Contains(name) == true)
            throw AlreadyDeclared(name, start);
        scope.Lexical[name] = kind;
        var declaration = new Declaration(name, kind, start);
        if (kind != DeclarationKind.Function)
            scope.Declarations.Lexical.Add(declaration);
        return declaration;
    }

    private void DeclareVar(string name, int start)
    {
        for (var scope = _scope; ; scope = scope.Parent!)
        {
            if (scope.Lexical.ContainsKey(name))
                throw AlreadyDeclared(name, start);
            (scope.VarsThrough ??= []).Add(name);
            if (scope.IsFunctionBody)
                break;
        }

        _function.VarNames.Add(name);
    }

    private ExpressionException AlreadyDeclared(string name, int start) =>
        Error(start, $"Identifier '{name}' has already been declared");

    /// <summary>Binds a function's name: like <c>var</c> at the top of a function, like <c>let</c> in a block.</summary>
    private void DeclareFunction(FunctionNode function, int start)
    {
        var name = function.Name!;
        if (_scope.IsFunctionBody)
        {
            if (_scope.Lexical.ContainsKey(name))
                throw AlreadyDeclared(name, start);
            (_scope.VarsThrough ??= []).Add(name);
            _function.VarNames.Add(name);
        }
        else
        {
            var plainSloppy = !_function.Strict && !function.IsAsync;
            if (!plainSloppy && _scope.Lexical.ContainsKey(name))
                throw AlreadyDeclared(name, start);
            DeclareLexical(name, DeclarationKind.Function, start);
            if (plainSloppy && CanHoist(name))
                (_function.Node.HoistedBlockFunctions ??= []).Add(name);
        }

        _scope.Declarations.Functions.Add(function);
    }

    private bool CanHoist(string name)
    {
        for (var scope = _scope.Parent; scope is not null; scope = scope.Parent)
        {
            if (scope.Lexical.ContainsKey(name))
                return false;
            if (scope.IsFunctionBody)
                return scope.Parameters?.Contains(name) != true;
        }

        return false;
    }

    /// <summary>Every name a pattern binds, with where it stands.</summary>
    private static void CollectNames(Node? target, List<Identifier> names)
    {
        switch (target)
        {
            case Identifier identifier:
                names.Add(identifier);
                break;
            case DefaultPattern withDefault:
                CollectNames(withDefault.Target, names);
                break;
            case ArrayPattern array:
                foreach (var element in array.Elements)
                    CollectNames(element, names);
                CollectNames(array.Rest, names);
                break;
            case ObjectPattern pattern:
                foreach (var property in pattern.Properties)
                    CollectNames(property.Value, names);
                CollectNames(pattern.Rest, names);
                break;
        }
    }
}
