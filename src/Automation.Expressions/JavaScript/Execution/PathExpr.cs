using System.Text;
using Automation.Expressions.JavaScript.Hosting;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>
/// <c>root.a.b.c</c>. Where it leads through a document that nobody has touched, the document is asked directly and no object is made for
/// the values on the way.
/// </summary>
internal sealed class PathExpr : Expr
{
    private readonly Expr _root;
    private readonly DocumentPath _path;
    private readonly MemberExpr[] _links;

    public PathExpr(Expr root, string[] names, int[] positions)
    {
        _root = root;
        _path = new DocumentPath(names);
        _links = [.. names.Select((name, i) => new MemberExpr(root, name, optional: false, positions[i]))];
    }

    public override JsValue Evaluate(Frame f) => Read(f, _root.Evaluate(f));

    public override async Step<JsValue> EvaluateAsync(Frame f) => Read(f, await _root.EvaluateAsync(f));

    private JsValue Read(Frame f, JsValue value)
    {
        var at = 0;
        while (at < _links.Length)
        {
            if (value.Reference is JsonObjectView view && _links.Length - at > 1 && view.TryRead(_path, ref at, out var found))
            {
                value = found;
                continue;
            }

            value = _links[at++].Read(f, value);
            if (value.IsAbsent)
                return value;
        }

        return value;
    }
}

/// <summary>Property names, ready to be looked for in UTF-8.</summary>
internal sealed class DocumentPath(string[] names)
{
    public string[] Names { get; } = names;

    public byte[][] Utf8 { get; } = [.. names.Select(Encoding.UTF8.GetBytes)];
}
