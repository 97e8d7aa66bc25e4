using System.Diagnostics.CodeAnalysis;

namespace Automation.Expressions.Liquid;

/// <summary>Templates by source; the one unused for longest makes room when either bound is passed.</summary>
internal sealed class TemplateCache(int maxCount, int maxSourceLength)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<(string Source, CompiledTemplate Template)>> _bySource = [];
    private readonly LinkedList<(string Source, CompiledTemplate Template)> _byUse = [];
    private long _sourceLength;

    public int Count
    {
        get
        {
            lock (_lock)
                return _bySource.Count;
        }
    }

    public bool TryGet(string source, [NotNullWhen(true)] out CompiledTemplate? template)
    {
        lock (_lock)
        {
            if (_bySource.TryGetValue(source, out var node))
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
                template = node.Value.Template;
                return true;
            }
        }

        template = null;
        return false;
    }

    public void Add(string source, CompiledTemplate template)
    {
        if (maxCount == 0 || source.Length > maxSourceLength)
            return;

        lock (_lock)
        {
            // Two threads may compile the same source at once; the first one stays.
            if (_bySource.ContainsKey(source))
                return;

            _bySource.Add(source, _byUse.AddFirst((source, template)));
            _sourceLength += source.Length;
            while (_bySource.Count > maxCount || _sourceLength > maxSourceLength)
            {
                var oldest = _byUse.Last!;
                _byUse.RemoveLast();
                _bySource.Remove(oldest.Value.Source);
                _sourceLength -= oldest.Value.Source.Length;
            }
        }
    }
}
