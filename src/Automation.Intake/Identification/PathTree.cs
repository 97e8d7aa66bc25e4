using System.Globalization;
using System.Text;

namespace Automation.Intake.Identification;

/// <summary>
/// The payload paths that a source asks for (<c>data.items.0.id</c>), as a tree over property names in UTF-8, so that
/// one pass over the bytes finds them all.
/// </summary>
internal sealed class PathTree
{
    private readonly Dictionary<string, int> _slots = new(StringComparer.Ordinal);

    public Node Root { get; } = new("", -1);

    /// <summary>How many values a pass fills.</summary>
    public int Count => _slots.Count;

    /// <summary>The paths with the slot of each.</summary>
    public IReadOnlyDictionary<string, int> Slots => _slots;

    /// <summary>Asks for a path; the same path gives the same slot.</summary>
    public int Add(string path)
    {
        if (_slots.TryGetValue(path, out var slot))
            return slot;
        var node = Root;
        foreach (var name in path.Split('.'))
            node = node.Child(name);
        slot = _slots.Count;
        _slots.Add(path, slot);
        node.Slot = slot;
        return slot;
    }

    internal sealed class Node(string name, int index)
    {
        private readonly List<Node> _children = [];

        /// <summary>The property's name as it stands in the payload.</summary>
        public byte[] Name { get; } = Encoding.UTF8.GetBytes(name);

        /// <summary>The place in an array that the name also means; -1 where it is no number.</summary>
        public int Index { get; } = index;

        public int Slot { get; set; } = -1;

        public IReadOnlyList<Node> Children => _children;

        public Node Child(string name)
        {
            foreach (var child in _children)
            {
                if (child.Name.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(name)))
                    return child;
            }

            var added = new Node(name, int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var i) ? i : -1);
            _children.Add(added);
            return added;
        }
    }
}
