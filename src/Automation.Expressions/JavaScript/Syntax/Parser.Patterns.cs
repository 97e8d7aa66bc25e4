namespace Automation.Expressions.JavaScript.Syntax;

/// <content>Destructuring patterns: read directly in declarations, or made from a literal already read.</content>
internal sealed partial class Parser
{
    private Node ParseBindingTarget() =>
        IsPunctuator("[") || IsPunctuator("{") ? ParseBindingPattern() : ParseBindingIdentifier();

    private Node ParseBindingElement()
    {
        var start = _token.Start;
        var target = ParseBindingTarget();
        if (!TryPunctuator("="))
            return target;
        var noIn = _noIn;
        _noIn = false;
        var value = ParseCheckedAssignment();
        _noIn = noIn;
        return Finish(new DefaultPattern(target, value), start);
    }

    private Node ParseBindingPattern()
    {
        Enter();
        var pattern = IsPunctuator("[") ? ParseArrayBinding() : ParseObjectBinding();
        Leave();
        return pattern;
    }

    private Node ParseArrayBinding()
    {
        var start = _token.Start;
        Advance();
        var elements = new List<Node?>();
        Node? rest = null;
        while (!IsPunctuator("]"))
        {
            if (TryPunctuator(","))
            {
                elements.Add(null);
                continue;
            }

            if (TryPunctuator("..."))
            {
                rest = ParseBindingTarget();
                if (!IsPunctuator("]"))
                    throw Error(_token.Start, "Rest element must be last element");
                break;
            }

            elements.Add(ParseBindingElement());
            if (!IsPunctuator("]") && !TryPunctuator(","))
                throw Unexpected("',' or ']'");
        }

        Advance();
        return Finish(new ArrayPattern(elements, rest), start);
    }

    private Node ParseObjectBinding()
    {
        var start = _token.Start;
        Advance();
        var properties = new List<PropertyNode>();
        Node? rest = null;
        while (!IsPunctuator("}"))
        {
            var propertyStart = _token.Start;
            if (TryPunctuator("..."))
            {
                rest = ParseBindingIdentifier();
                if (!IsPunctuator("}"))
                    throw Error(_token.Start, "Rest element must be last element");
                break;
            }

            var nameToken = _token;
            var key = ParsePropertyKey(out var computed);
            if (TryPunctuator(":"))
            {
                properties.Add(Finish(new PropertyNode(PropertyKind.Value, key, computed, ParseBindingElement()), propertyStart));
            }
            else
            {
                if (nameToken.Kind != TokenKind.Identifier)
                    throw Unexpected(nameToken.Kind == TokenKind.Keyword ? null : "':' after the property name");
                CheckIdentifier(nameToken, binding: true);
                Node target = Finish(new Identifier(nameToken.Text), propertyStart);
                if (TryPunctuator("="))
                {
                    var noIn = _noIn;
                    _noIn = false;
                    target = Finish(new DefaultPattern(target, ParseCheckedAssignment()), propertyStart);
                    _noIn = noIn;
                }

                properties.Add(Finish(new PropertyNode(PropertyKind.Value, key, computed: false, target) { Shorthand = true }, propertyStart));
            }

            if (!IsPunctuator("}") && !TryPunctuator(","))
                throw Unexpected("',' or '}'");
        }

        Advance();
        return Finish(new ObjectPattern(properties, rest), start);
    }

    // ---- from a literal that turned out to be a pattern ----

    /// <summary>Turns what was read as an expression into a target to assign to (or, for parameters, to bind).</summary>
    private Node ToPattern(Node node, bool binding)
    {
        if (node.Parenthesized && (binding || node is ArrayLiteral or ObjectLiteral))
            throw Error(node.Start, "Invalid destructuring assignment target");
        switch (node)
        {
            case Identifier identifier:
                CheckTargetName(identifier, binding);
                return node;
            case MemberExpression or IndexExpression when !binding:
                return node;
            case ArrayLiteral array:
                return ToArrayPattern(array, binding);
            case ObjectLiteral literal:
                return ToObjectPattern(literal, binding);
            default:
                throw Error(node.Start, "Invalid destructuring assignment target");
        }
    }

    private Node ToPatternElement(Node node, bool binding)
    {
        switch (node)
        {
            case AssignmentExpression { Operator: "=", Parenthesized: false } assignment:
                if (binding && assignment.Target is not (Identifier or ArrayPattern or ObjectPattern) || (binding && assignment.Target.Parenthesized))
                    throw Error(node.Start, "Invalid destructuring assignment target");
                if (binding)
                    CheckBindings(assignment.Target);
                return Place(new DefaultPattern(assignment.Target, assignment.Value), node);
            case DefaultPattern withDefault:
                return Place(new DefaultPattern(ToPattern(withDefault.Target, binding), withDefault.Value), node);
            default:
                return ToPattern(node, binding);
        }
    }

    /// <summary>A pattern that was made for an assignment may hold targets that cannot be bound.</summary>
    private void CheckBindings(Node target)
    {
        switch (target)
        {
            case Identifier { Parenthesized: false } identifier:
                CheckTargetName(identifier, binding: true);
                break;
            case DefaultPattern withDefault:
                CheckBindings(withDefault.Target);
                break;
            case ArrayPattern array:
                foreach (var element in array.Elements)
                {
                    if (element is not null)
                        CheckBindings(element);
                }

                if (array.Rest is not null)
                    CheckBindings(array.Rest);
                break;
            case ObjectPattern pattern:
                foreach (var property in pattern.Properties)
                    CheckBindings(property.Value);
                if (pattern.Rest is not null)
                    CheckBindings(pattern.Rest);
                break;
            default:
                throw Error(target.Start, "Invalid destructuring assignment target");
        }
    }

    private Node ToArrayPattern(ArrayLiteral array, bool binding)
    {
        var elements = new List<Node?>(array.Elements.Count);
        Node? rest = null;
        for (var i = 0; i < array.Elements.Count; i++)
        {
            var element = array.Elements[i];
            if (element is SpreadElement spread)
            {
                if (i != array.Elements.Count - 1 || array.CommaAfterSpread)
                    throw Error(spread.Start, "Rest element must be last element");
                rest = ToPattern(spread.Argument, binding);
            }
            else
            {
                elements.Add(element is null ? null : ToPatternElement(element, binding));
            }
        }

        return Place(new ArrayPattern(elements, rest), array);
    }

    private Node ToObjectPattern(ObjectLiteral literal, bool binding)
    {
        var properties = new List<PropertyNode>(literal.Properties.Count);
        Node? rest = null;
        for (var i = 0; i < literal.Properties.Count; i++)
        {
            var property = literal.Properties[i];
            switch (property.Kind)
            {
                case PropertyKind.Value:
                    properties.Add(Place(new PropertyNode(PropertyKind.Value, property.Key, property.Computed, ToPatternElement(property.Value, binding)), property));
                    break;
                case PropertyKind.Spread when i == literal.Properties.Count - 1:
                    rest = ToPattern(property.Value, binding);
                    if (rest is not (Identifier or MemberExpression or IndexExpression))
                        throw Error(property.Start, "`...` must be followed by an assignable reference in assignment contexts");
                    break;
                case PropertyKind.Spread:
                    throw Error(property.Start, "Rest element must be last element");
                default:
                    throw Error(property.Start, "Invalid destructuring assignment target");
            }
        }

        return Place(new ObjectPattern(properties, rest), literal);
    }

    /// <summary>A target of <c>+=</c>, <c>++</c> and plain <c>=</c>.</summary>
    private Node ToSimpleTarget(Node node, string message)
    {
        switch (node)
        {
            case Identifier identifier:
                CheckTargetName(identifier, binding: false);
                return node;
            case MemberExpression or IndexExpression:
                return node;
            default:
                throw Error(node.Start, message);
        }
    }

    private void CheckTargetName(Identifier identifier, bool binding)
    {
        if (_function.Strict && identifier.Name is "eval" or "arguments")
            throw Error(identifier.Start, "Unexpected eval or arguments in strict mode");
        if (binding && identifier.Name == "await" && _function.AwaitIsKeyword && !_function.IsScript)
            throw Error(identifier.Start, "Unexpected identifier 'await'");
    }

    private static T Place<T>(T node, Node like)
        where T : Node
    {
        node.Start = like.Start;
        node.End = like.End;
        return node;
    }
}
