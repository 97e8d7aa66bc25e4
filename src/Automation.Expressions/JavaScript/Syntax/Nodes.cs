using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Syntax;

/// <summary>A node of the syntax tree; it knows only where it stands.</summary>
internal abstract class Node
{
    public int Start;
    public int End;

    /// <summary>Written in parentheses, which matters for what may be assigned to.</summary>
    public bool Parenthesized;
}

internal sealed class Literal(JsValue value) : Node
{
    public JsValue Value { get; } = value;
}

internal sealed class RegularExpressionLiteral(string pattern, string flags) : Node
{
    public string Pattern { get; } = pattern;
    public string Flags { get; } = flags;
}

internal sealed class TemplateLiteral(List<string?> cooked, List<string> raw, List<Node> values) : Node
{
    public List<string?> Cooked { get; } = cooked;
    public List<string> Raw { get; } = raw;
    public List<Node> Values { get; } = values;
}

internal sealed class TaggedTemplate(Node tag, TemplateLiteral template) : Node
{
    public Node Tag { get; } = tag;
    public TemplateLiteral Template { get; } = template;
}

internal sealed class Identifier(string name) : Node
{
    public string Name { get; } = name;
}

internal sealed class ThisExpression : Node;

internal sealed class SuperExpression : Node;

internal sealed class NewTargetExpression : Node;

/// <summary>An array; null is a hole. The same node serves as a pattern until it is converted.</summary>
internal sealed class ArrayLiteral(List<Node?> elements) : Node
{
    public List<Node?> Elements { get; } = elements;

    /// <summary>A comma follows the spread element, which a pattern may not have.</summary>
    public bool CommaAfterSpread;
}

internal enum PropertyKind
{
    Value,
    Getter,
    Setter,
    Spread,
    Method,
}

internal sealed class PropertyNode(PropertyKind kind, Node key, bool computed, Node value) : Node
{
    public PropertyKind Kind { get; } = kind;

    /// <summary>A literal name, or the expression in brackets.</summary>
    public Node Key { get; } = key;

    public bool Computed { get; } = computed;
    public Node Value { get; } = value;
    public bool Shorthand;
}

internal sealed class ObjectLiteral(List<PropertyNode> properties) : Node
{
    public List<PropertyNode> Properties { get; } = properties;
}

internal sealed class SpreadElement(Node argument) : Node
{
    public Node Argument { get; } = argument;
}

internal sealed class UnaryExpression(string op, Node operand) : Node
{
    public string Operator { get; } = op;
    public Node Operand { get; } = operand;
}

internal sealed class UpdateExpression(bool increment, bool prefix, Node target) : Node
{
    public bool Increment { get; } = increment;
    public bool Prefix { get; } = prefix;
    public Node Target { get; } = target;
}

internal sealed class BinaryExpression(string op, Node left, Node right) : Node
{
    public string Operator { get; } = op;
    public Node Left { get; } = left;
    public Node Right { get; } = right;
}

/// <summary><c>&amp;&amp;</c>, <c>||</c> and <c>??</c>.</summary>
internal sealed class LogicalExpression(string op, Node left, Node right) : Node
{
    public string Operator { get; } = op;
    public Node Left { get; } = left;
    public Node Right { get; } = right;
}

internal sealed class AssignmentExpression(string op, Node target, Node value) : Node
{
    public string Operator { get; } = op;
    public Node Target { get; } = target;
    public Node Value { get; } = value;
}

internal sealed class ConditionalExpression(Node test, Node whenTrue, Node whenFalse) : Node
{
    public Node Test { get; } = test;
    public Node WhenTrue { get; } = whenTrue;
    public Node WhenFalse { get; } = whenFalse;
}

internal sealed class CallExpression(Node callee, List<Node> arguments, bool optional) : Node
{
    public Node Callee { get; } = callee;
    public List<Node> Arguments { get; } = arguments;
    public bool Optional { get; } = optional;
}

internal sealed class NewExpression(Node callee, List<Node> arguments) : Node
{
    public Node Callee { get; } = callee;
    public List<Node> Arguments { get; } = arguments;
}

internal sealed class MemberExpression(Node target, string name, bool optional) : Node
{
    public Node Target { get; } = target;
    public string Name { get; } = name;
    public bool Optional { get; } = optional;
    public bool IsPrivate => Name.Length > 0 && Name[0] == '#' && IsPrivateName;
    public bool IsPrivateName;
}

internal sealed class IndexExpression(Node target, Node index, bool optional) : Node
{
    public Node Target { get; } = target;
    public Node Index { get; } = index;
    public bool Optional { get; } = optional;
}

internal sealed class PrivateInExpression(string name, Node right) : Node
{
    public string Name { get; } = name;
    public Node Right { get; } = right;
}

/// <summary>The whole of a chain with <c>?.</c> in it: where it ends when a link is missing.</summary>
internal sealed class OptionalChain(Node expression) : Node
{
    public Node Expression { get; } = expression;
}

internal sealed class SequenceExpression(List<Node> expressions) : Node
{
    public List<Node> Expressions { get; } = expressions;
}

internal sealed class AwaitExpression(Node operand) : Node
{
    public Node Operand { get; } = operand;
}

/// <summary>A target with a default: <c>a = 1</c> in a pattern.</summary>
internal sealed class DefaultPattern(Node target, Node value) : Node
{
    public Node Target { get; } = target;
    public Node Value { get; } = value;
}

internal sealed class ArrayPattern(List<Node?> elements, Node? rest) : Node
{
    public List<Node?> Elements { get; } = elements;
    public Node? Rest { get; } = rest;
}

internal sealed class ObjectPattern(List<PropertyNode> properties, Node? rest) : Node
{
    public List<PropertyNode> Properties { get; } = properties;
    public Node? Rest { get; } = rest;
}
