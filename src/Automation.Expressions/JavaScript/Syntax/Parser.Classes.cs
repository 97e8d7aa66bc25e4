using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Syntax;

/// <content>Classes.</content>
internal sealed partial class Parser
{
    private ClassNode ParseClass(bool isDeclaration)
    {
        var start = _token.Start;
        Advance();
        Enter();
        var strict = _function.Strict;
        _function.Strict = true;
        var node = new ClassNode();
        if (_token.Kind == TokenKind.Identifier)
            node.Name = ParseBindingIdentifier().Name;
        else if (isDeclaration)
            throw Unexpected("a class name");
        if (TryKeyword("extends"))
            node.Heritage = NoArrowHead(ParseLeftHandSide());
        Expect("{", "before the class body");
        CountScope();
        _class = new ClassContext(_class);
        while (!IsPunctuator("}"))
        {
            if (TryPunctuator(";"))
                continue;
            ParseClassElement(node);
        }

        EndClass(node);
        _function.Strict = strict;
        Advance();
        Leave();
        return Finish(node, start);
    }

    private void EndClass(ClassNode node)
    {
        var context = _class!;
        _class = context.Parent;
        foreach (var (name, offset) in context.Used)
        {
            if (context.Declared.ContainsKey(name))
                continue;
            if (_class is null)
                throw Error(offset, $"Private field '{name}' must be declared in an enclosing class");
            _class.Used.Add((name, offset));
        }

        if (context.Declared.Count > 0)
            node.PrivateNames = [.. context.Declared.Keys];
    }

    private void ParseClassElement(ClassNode node)
    {
        var start = _token.Start;
        var element = new ClassElement { Start = start };
        if (IsContextual("static") && IsModifier())
        {
            element.IsStatic = true;
            Advance();
            if (IsPunctuator("{"))
            {
                ParseStaticBlock(node, element);
                return;
            }
        }

        if (IsPunctuator("*"))
            throw NotSupported(start, "Generators are");
        var isAsync = false;
        var kind = PropertyKind.Value;
        if (_token is { Kind: TokenKind.Identifier, Escaped: false, Text: "async" or "get" or "set" } && IsModifier())
        {
            var word = _token.Text;
            var next = PeekNext();
            if (!(word == "async" && next.NewLineBefore))
            {
                Advance();
                if (IsPunctuator("*"))
                    throw NotSupported(start, "Generators are");
                isAsync = word == "async";
                kind = word switch { "get" => PropertyKind.Getter, "set" => PropertyKind.Setter, _ => PropertyKind.Method };
            }
        }

        ParseClassMember(node, element, kind, isAsync);
    }

    /// <summary>Whether the word at hand modifies what follows, rather than being the member's name.</summary>
    private bool IsModifier()
    {
        var next = PeekNext();
        return next.Kind is TokenKind.Identifier or TokenKind.Keyword or TokenKind.String or TokenKind.Number or TokenKind.BigInteger or TokenKind.PrivateName
            || (next.Kind == TokenKind.Punctuator && next.Text is "[" or "*")
            || (next.Kind == TokenKind.Punctuator && next.Text == "{" && _token.Text == "static");
    }

    private void ParseStaticBlock(ClassNode node, ClassElement element)
    {
        var function = new FunctionNode { IsMethod = true, IsClassInitializer = true };
        var outer = PushFunction(function);
        _function.AllowSuperProperty = true;
        _function.AllowReturn = false;
        _function.ForbidArguments = true;
        _function.AwaitIsKeyword = false;
        var outerScope = _scope;
        _scope = NewScope(isFunctionBody: true, function.Scope);
        ParseBody(function, _token.Start);
        _scope = outerScope;
        _function = outer;
        element.Kind = ClassElementKind.StaticBlock;
        element.Function = function;
        function.Start = element.Start;
        function.End = _previousEnd;
        node.Elements.Add(Finish(element, element.Start));
    }

    private void ParseClassMember(ClassNode node, ClassElement element, PropertyKind kind, bool isAsync)
    {
        var start = element.Start;
        var nameToken = _token;
        if (_token.Kind == TokenKind.PrivateName)
        {
            element.IsPrivate = true;
            element.Key = Finish(new Literal(_token.Text), _token.Start);
            if (_token.Text == "#constructor")
                throw Error(_token.Start, "Classes may not have a private field named '#constructor'");
            Advance();
        }
        else
        {
            element.Key = ParsePropertyKey(out element.Computed);
        }

        var name = !element.Computed && element.Key is Literal { Value: { IsString: true } text } && !element.IsPrivate ? text.AsString() : null;
        if (kind == PropertyKind.Value && !IsPunctuator("("))
        {
            ParseField(node, element, name, nameToken);
            return;
        }

        var isConstructor = !element.IsStatic && name == "constructor";
        if (isConstructor)
        {
            if (kind is PropertyKind.Getter or PropertyKind.Setter)
                throw Error(nameToken.Start, "Class constructor may not be an accessor");
            if (isAsync)
                throw Error(nameToken.Start, "Class constructor may not be an async method");
            if (node.Constructor is not null)
                throw Error(nameToken.Start, "A class may only have one constructor");
        }

        if (element.IsStatic && name == "prototype")
            throw Error(nameToken.Start, "Classes may not have a static property named 'prototype'");
        var method = ParseMethod(start, element.Key, kind == PropertyKind.Value ? PropertyKind.Method : kind, isAsync, isConstructor, isConstructor && node.Heritage is not null);
        if (isConstructor)
        {
            node.Constructor = method;
            return;
        }

        element.Kind = kind switch
        {
            PropertyKind.Getter => ClassElementKind.Getter,
            PropertyKind.Setter => ClassElementKind.Setter,
            _ => ClassElementKind.Method,
        };
        element.Function = method;
        if (element.IsPrivate)
            DeclarePrivate(nameToken, element.Kind switch { ClassElementKind.Getter => 'g', ClassElementKind.Setter => 's', _ => 'm' }, element.IsStatic);
        node.Elements.Add(Finish(element, start));
    }

    private void ParseField(ClassNode node, ClassElement element, string? name, in Token nameToken)
    {
        if (name == "constructor" || (element.IsStatic && name == "prototype"))
            throw Error(nameToken.Start, $"Classes may not have a field named '{name}'");
        if (element.IsPrivate)
            DeclarePrivate(nameToken, 'm', element.IsStatic);
        element.Kind = ClassElementKind.Field;
        if (TryPunctuator("="))
        {
            var function = new FunctionNode { IsMethod = true, IsClassInitializer = true, Start = _token.Start };
            var outer = PushFunction(function);
            _function.AllowSuperProperty = true;
            _function.ForbidArguments = true;
            var outerScope = _scope;
            _scope = NewScope(isFunctionBody: true, function.Scope);
            function.ExpressionBody = ParseCheckedAssignment();
            EndBody(function, function.Start);
            function.End = _previousEnd;
            _scope = outerScope;
            _function = outer;
            element.Function = function;
        }

        ConsumeSemicolon();
        node.Elements.Add(Finish(element, element.Start));
    }

    private void DeclarePrivate(in Token token, char kind, bool isStatic)
    {
        var declared = _class!.Declared;
        var code = isStatic ? char.ToUpperInvariant(kind) : kind;
        if (declared.TryGetValue(token.Text, out var before))
        {
            var pair = (before, code) is ('g', 's') or ('s', 'g') or ('G', 'S') or ('S', 'G');
            if (!pair)
                throw AlreadyDeclared(token.Text, token.Start);
            code = 'b';
        }

        declared[token.Text] = code;
    }
}
