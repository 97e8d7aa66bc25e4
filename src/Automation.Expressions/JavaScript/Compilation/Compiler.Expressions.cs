using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Runtime;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript.Compilation;

/// <content>Expressions.</content>
internal sealed partial class Compiler
{
    private Expr[] CompileAll(List<Node> nodes) => [.. nodes.Select(Compile)];

    private Expr Compile(Node node)
    {
        CheckStack(node);
        switch (node)
        {
            case Literal literal:
                return new ConstantExpr(literal.Value);
            case Identifier identifier:
                return CompileName(identifier, forTypeof: false);
            case MemberExpression member:
                return CompileMember(member);
            case CallExpression call:
                return CompileCall(call);
            case BinaryExpression binary:
                return CompileBinary(binary);
            case TemplateLiteral template:
                return new TemplateExpr([.. template.Cooked.Select(c => c!)], CompileAll(template.Values));
            case FunctionExpression function:
                return new FunctionExpr(CompileFunction(function.Function, name: null));
            case ThisExpression:
                return CompileThis(node.Start);
            case LogicalExpression logical:
                return new LogicalExpr(KindOf(logical.Operator), Compile(logical.Left), Compile(logical.Right));
            case ConditionalExpression conditional:
                return new ConditionalExpr(Compile(conditional.Test), Compile(conditional.WhenTrue), Compile(conditional.WhenFalse));
            case AssignmentExpression assignment:
                return CompileAssignment(assignment);
            case UpdateExpression update:
                return CompileUpdate(update);
            case UnaryExpression unary:
                return CompileUnary(unary);
            case ArrayLiteral array:
                return new ArrayExpr([.. array.Elements.Select(e => e is null ? null : CompileElement(e))]);
            case ObjectLiteral literal:
                return new ObjectExpr([.. literal.Properties.Select(CompileProperty)]);
            case SequenceExpression sequence:
                return new SequenceExpr(CompileAll(sequence.Expressions));
            case AwaitExpression awaited:
                return new AwaitExpr(Compile(awaited.Operand), node.Start);
            default:
                return CompileRare(node);
        }
    }

    private Expr CompileRare(Node node)
    {
        switch (node)
        {
            case IndexExpression { Target: SuperExpression } index:
                return CompileSuperMember(Compile(index.Index), node.Start);
            case IndexExpression index:
                return new IndexExpr(Compile(index.Target), Compile(index.Index), index.Optional, index.Target.End);
            case OptionalChain chain:
                return new OptionalChainExpr(Compile(chain.Expression));
            case NewExpression made:
                return CompileNew(made);
            case RegularExpressionLiteral regex:
                return new RegularExpressionExpr(regex.Pattern, regex.Flags);
            case ClassExpression type:
                return CompileClass(type.Definition, name: null);
            case TaggedTemplate tagged:
                return new TaggedTemplateExpr(CompileCallee(tagged.Tag), [.. tagged.Template.Cooked], [.. tagged.Template.Raw], CompileAll(tagged.Template.Values), node.Start);
            case NewTargetExpression:
                return CompileNewTarget();
            case PrivateInExpression privateIn:
                return new PrivateInExpr(PrivateName(privateIn.Name, node.Start), Compile(privateIn.Right), node.Start);
            case SpreadElement spread:
                return new SpreadExpr(Compile(spread.Argument), spread.Argument.Start, TextOf(spread.Argument));
            case DefaultPattern:
                throw SyntaxErrors.At(_source, node.Start, "Invalid shorthand property initializer");
            default:
                throw SyntaxErrors.At(_source, node.Start, "Unexpected token");
        }
    }

    private static LogicalKind KindOf(string op) => op[0] switch { '&' => LogicalKind.And, '|' => LogicalKind.Or, _ => LogicalKind.Nullish };

    private Expr CompileElement(Node node) => node is SpreadElement spread ? new SpreadExpr(Compile(spread.Argument), spread.Argument.Start, TextOf(spread.Argument)) : Compile(node);

    private Expr CompileName(Identifier identifier, bool forTypeof)
    {
        var variable = Find(identifier.Name);
        if (variable is not null)
            return new VariableExpr(Use(variable, identifier.Start));
        if (identifier.Name == "undefined")
            return new ConstantExpr(default);
        if (!forTypeof && LeftOut.IsGlobal(identifier.Name))
            throw NotSupported(identifier, $"'{identifier.Name}' is");
        _freeNames.Add(identifier.Name);
        return new GlobalExpr(identifier.Name, identifier.Start, forTypeof);
    }

    private bool IsFree(Node node, string name) => node is Identifier identifier && identifier.Name == name && Find(name) is null;

    private void NotePath(MemberExpression member)
    {
        var names = new Stack<string>();
        Node node = member;
        while (true)
        {
            if (node is OptionalChain chain)
            {
                node = chain.Expression;
            }
            else if (node is MemberExpression { IsPrivateName: false } link)
            {
                names.Push(link.Name);
                node = link.Target;
            }
            else
            {
                break;
            }
        }

        if (node is Identifier root && Find(root.Name) is null)
            _memberPaths.Add($"{root.Name}.{string.Join('.', names)}");
    }

    private Expr CompileMember(MemberExpression member)
    {
        NotePath(member);
        return CompileMemberLink(member);
    }

    private Expr CompileMemberLink(MemberExpression member)
    {
        CheckLeftOut(member);
        if (member.Target is SuperExpression)
            return CompileSuperMember(new ConstantExpr(member.Name), member.Start);
        if (member.IsPrivateName)
            return new PrivateMemberExpr(Compile(member.Target), PrivateName(member.Name, member.Start), member.Optional, member.Start);
        var path = DocumentPath(member);
        if (path is not null)
            return path;
        var target = member.Target is MemberExpression inner ? CompileMemberLink(inner) : Compile(member.Target);
        return new MemberExpr(target, member.Name, member.Optional, member.Target.End);
    }

    private void CheckLeftOut(MemberExpression member)
    {
        if (member.Target is Identifier owner && LeftOut.IsMember(owner.Name, member.Name) && IsFree(owner, owner.Name))
            throw NotSupported(member, $"'{owner.Name}.{member.Name}' is");
    }

    /// <summary>A chain of two or more names is read in one go where it leads through a document.</summary>
    private PathExpr? DocumentPath(MemberExpression member)
    {
        var links = new List<MemberExpression>();
        Node node = member;
        while (node is MemberExpression { IsPrivateName: false, Optional: false, Parenthesized: false, Target: not SuperExpression } link)
        {
            links.Add(link);
            node = link.Target;
        }

        if (links.Count < 2 || links.Count > 32)
            return null;
        links.Reverse();
        return new PathExpr(Compile(node), [.. links.Select(l => l.Name)], [.. links.Select(l => l.Target.End)]);
    }

    private VariableExpr PrivateName(string name, int position) =>
        new(Slot(Find(name) ?? throw SyntaxErrors.At(_source, position, $"Private field '{name}' must be declared in an enclosing class"), position));

    private SuperMemberExpr CompileSuperMember(Expr key, int position) =>
        new(CompileThis(position), CompileActiveFunction(), key, position);

    private Expr CompileBinary(BinaryExpression binary)
    {
        // A long chain leans to the left; it is taken apart without recursion.
        var chain = new Stack<BinaryExpression>();
        Node left = binary;
        while (left is BinaryExpression inner)
        {
            chain.Push(inner);
            left = inner.Left;
        }

        var result = Compile(left);
        while (chain.TryPop(out var link))
            result = BinaryExprs.Create(link.Operator, result, Compile(link.Right), link.Left.End);
        return result;
    }

    private Expr CompileUnary(UnaryExpression unary)
    {
        var operand = unary.Operand;
        switch (unary.Operator)
        {
            case "delete":
                return CompileDelete(unary);
            case "typeof" when operand is Identifier identifier:
                return new UnaryExpr("typeof", CompileName(identifier, forTypeof: true), unary.Start);
            case "-" when operand is Literal { Value.IsNumber: true } number:
                return new ConstantExpr(-number.Value.AsNumber());
            default:
                return new UnaryExpr(unary.Operator, Compile(operand), unary.Start);
        }
    }

    private Expr CompileDelete(UnaryExpression unary)
    {
        var operand = unary.Operand is OptionalChain chain ? chain.Expression : unary.Operand;
        var strict = IsStrict();
        switch (operand)
        {
            case MemberExpression { Target: SuperExpression } or IndexExpression { Target: SuperExpression }:
                return new ThrowingExpr(CompileThis(operand.Start), ErrorKind.ReferenceError, "Unsupported reference to 'super'", operand.Start);
            case MemberExpression member:
                return new DeleteExpr(Compile(member.Target), new ConstantExpr(member.Name), strict, member.Optional, unary.Start);
            case IndexExpression index:
                return new DeleteExpr(Compile(index.Target), Compile(index.Index), strict, index.Optional, unary.Start);
            case Identifier identifier:
                return new DeleteNameExpr(Find(identifier.Name) is null ? identifier.Name : null);
            default:
                return new DeleteValueExpr(Compile(operand));
        }
    }

    private bool IsStrict() => _function.Node.IsStrict;

    // ---- calls ----

    private Expr CompileCall(CallExpression call)
    {
        if (call.Callee is SuperExpression)
        {
            var function = ThisFunction()!;
            return new SuperCallExpr(CompileActiveFunction(), CompileNewTarget(), ThisSlot(function, call.Start), CompileArguments(call.Arguments, out var spread), spread, call.Start);
        }

        if (IsFree(call.Callee, "Function"))
            throw NotSupported(call, "Making functions from text (Function(…)) is");
        var callee = CompileCallee(call.Callee);
        return new CallExpr(callee, CompileArguments(call.Arguments, out var hasSpread), hasSpread, call.Optional, call.Start, TextOf(call.Callee));
    }

    private Expr[] CompileArguments(List<Node> arguments, out bool hasSpread)
    {
        hasSpread = arguments.Exists(a => a is SpreadElement);
        return arguments.Count == 0 ? [] : [.. arguments.Select(CompileElement)];
    }

    private Callee CompileCallee(Node node)
    {
        switch (node)
        {
            case MemberExpression { Target: SuperExpression } member:
                return new SuperCallee(CompileThis(node.Start), CompileSuperMember(new ConstantExpr(member.Name), node.Start));
            case IndexExpression { Target: SuperExpression } index:
                return new SuperCallee(CompileThis(node.Start), CompileSuperMember(Compile(index.Index), node.Start));
            case MemberExpression { IsPrivateName: true } member:
                return new PrivateCallee(Compile(member.Target), PrivateName(member.Name, node.Start), member.Optional, node.Start);
            case MemberExpression member:
                NotePath(member);
                CheckLeftOut(member);
                return new MemberCallee(
                    member.Target is MemberExpression inner ? CompileMemberLink(inner) : Compile(member.Target),
                    new MemberExpr(new ConstantExpr(default), member.Name, member.Optional, member.Target.End));
            case IndexExpression index:
                return new IndexCallee(Compile(index.Target), Compile(index.Index), index.Optional, index.Target.End);
            case OptionalChain { Expression: MemberExpression or IndexExpression } chain:
                return new ChainCallee(CompileCallee(chain.Expression));
            default:
                return new PlainCallee(Compile(node));
        }
    }

    private Expr CompileNew(NewExpression made)
    {
        if (IsFree(made.Callee, "Function"))
            throw NotSupported(made, "Making functions from text (new Function) is");
        return new NewExpr(Compile(made.Callee), CompileArguments(made.Arguments, out var hasSpread), hasSpread, made.Start, TextOf(made.Callee));
    }

    // ---- object literals ----

    private ObjectPart CompileProperty(PropertyNode property)
    {
        if (property.Kind == PropertyKind.Spread)
            return new ObjectPart(PropertyKind.Spread, Name: null, Key: null, Compile(property.Value), Function: null, IsPrototype: false);
        var name = property.Computed ? null : ((Literal)property.Key).Value.AsString();
        var key = property.Computed ? Compile(property.Key) : null;
        if (property.Kind != PropertyKind.Value)
        {
            var code = CompileFunction(((FunctionExpression)property.Value).Function, name ?? "");
            return new ObjectPart(property.Kind, name, key, new ConstantExpr(default), code, IsPrototype: false);
        }

        var isPrototype = name == "__proto__" && !property.Shorthand;
        return new ObjectPart(PropertyKind.Value, name, key, isPrototype ? Compile(property.Value) : CompileNamed(property.Value, name), Function: null, isPrototype);
    }

    /// <summary>An anonymous function takes the name of what it is given to.</summary>
    private Expr CompileNamed(Node node, string? name)
    {
        if (name is null || node.Parenthesized && node is not (FunctionExpression or ClassExpression))
            return Compile(node);
        return node switch
        {
            FunctionExpression { Function.Name: null } function => new FunctionExpr(CompileFunction(function.Function, name)),
            ClassExpression { Definition.Name: null } type => CompileClass(type.Definition, name),
            _ => Compile(node),
        };
    }

    // ---- assignments ----

    private Expr CompileAssignment(AssignmentExpression assignment)
    {
        var place = CompilePlace(assignment.Target);
        var name = assignment.Target is Identifier { Parenthesized: false } identifier ? identifier.Name : null;
        switch (assignment.Operator)
        {
            case "=" when assignment.Target is ArrayPattern or ObjectPattern:
                return new DestructureExpr(place, Compile(assignment.Value));
            case "=":
                var value = CompileNamed(assignment.Value, name);
                return place is VariablePlace { Assignable: { } assigned } ? new AssignVariableExpr(assigned, value) : new AssignExpr(place, value);
            case "&&=" or "||=" or "??=":
                return new LogicalAssignExpr(KindOf(assignment.Operator), place, CompileNamed(assignment.Value, name));
            default:
                var operation = BinaryExprs.Create(assignment.Operator[..^1], new ConstantExpr(default), new ConstantExpr(default), assignment.Start);
                var operand = Compile(assignment.Value);
                return place is VariablePlace { Assignable: { } slot } ? new CompoundVariableExpr(slot, operand, operation) : new CompoundAssignExpr(place, operand, operation);
        }
    }

    private Expr CompileUpdate(UpdateExpression update)
    {
        var place = CompilePlace(update.Target);
        var by = update.Increment ? 1 : -1;
        return place is VariablePlace { Assignable: { } slot }
            ? new UpdateVariableExpr(slot, by, update.Prefix, update.Start)
            : new UpdateExpr(place, by, update.Prefix, update.Start);
    }

    private Place CompilePlace(Node target)
    {
        var strict = IsStrict();
        switch (target)
        {
            case Identifier identifier:
                return CompileNamePlace(identifier);
            case MemberExpression { Target: SuperExpression } member:
                return new SuperPlace(CompileThis(target.Start), CompileActiveFunction(), new ConstantExpr(member.Name), strict, target.Start);
            case IndexExpression { Target: SuperExpression } index:
                return new SuperPlace(CompileThis(target.Start), CompileActiveFunction(), Compile(index.Index), strict, target.Start);
            case MemberExpression { IsPrivateName: true } member:
                return new PrivatePlace(Compile(member.Target), PrivateName(member.Name, target.Start), target.Start);
            case MemberExpression member:
                NotePath(member);
                return new MemberPlace(member.Target is MemberExpression inner ? CompileMemberLink(inner) : Compile(member.Target), member.Name, strict, member.Target.End);
            case IndexExpression index:
                return new IndexPlace(Compile(index.Target), Compile(index.Index), strict, index.Target.End);
            case ArrayPattern or ObjectPattern:
                return CompilePattern(target, declaration: null);
            default:
                throw SyntaxErrors.At(_source, target.Start, "Invalid left-hand side in assignment");
        }
    }

    private Place CompileNamePlace(Identifier identifier)
    {
        var variable = Find(identifier.Name);
        if (variable is null)
        {
            _freeNames.Add(identifier.Name);
            return new GlobalPlace(identifier.Name, IsStrict(), identifier.Start);
        }

        var mode = variable switch
        {
            { IsOwnName: true } => IsStrict() ? VariableWrite.RefuseConstant : VariableWrite.Ignore,
            { Kind: DeclarationKind.Const } => VariableWrite.RefuseConstant,
            _ => VariableWrite.Assign,
        };
        return new VariablePlace(Use(variable, identifier.Start), mode, identifier.Start);
    }
}
