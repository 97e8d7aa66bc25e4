using System.Text;

namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>A place in the source that reads a member by name: the name in both forms, and where it was found last time.</summary>
internal sealed class MemberSite(string name)
{
    /// <summary>Which of an object's stored properties it was. Only a hint, so threads may overwrite each other's.</summary>
    public int Hint;

    public string Name { get; } = name;

    /// <summary>The name as it stands in a document.</summary>
    public byte[] Utf8 => field ??= Encoding.UTF8.GetBytes(Name);
}
