using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Automation.Steps.Files;

/// <summary>
/// Which operations have appended what to a file: a hidden file beside it, written before the append. An operation that runs
/// again finds itself there; what a crash has left half done is cut off by the next append. Used under the file's lock.
/// </summary>
internal sealed class AppendLedger(TimeProvider clock)
{
    private const int CompactAbove = 64 << 10;

    // Longer than any job is tried again.
    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    private readonly ConcurrentDictionary<string, byte> _over = new(StringComparer.Ordinal);

    /// <summary>The operation's step has ended: nobody asks for it again.</summary>
    public void Forget(string operation) => _over[operation] = 0;

    /// <summary>Appends, unless the operation has done so before.</summary>
    /// <returns>False where it had.</returns>
    public bool Append(FileStream file, string ledgerPath, string operation, Func<byte[]> content)
    {
        var entries = Read(ledgerPath, out var ledgerLength);
        if (entries.Count > 0 && entries[^1] is var last && file.Length < last.Offset + last.Length)
        {
            // Its writer died in the middle; it comes again.
            if (file.Length > last.Offset)
                file.SetLength(last.Offset);
            entries.RemoveAt(entries.Count - 1);
            Replace(ledgerPath, entries);
        }

        if (entries.Exists(e => e.Operation == operation))
            return false;
        var bytes = content();
        var entry = new Entry(operation, file.Length, bytes.Length, clock.GetUtcNow().ToUnixTimeSeconds());
        if (ledgerLength > CompactAbove)
        {
            var oldest = (clock.GetUtcNow() - Kept).ToUnixTimeSeconds();
            entries.RemoveAll(e => e.At < oldest || _over.TryRemove(e.Operation, out _));
            Replace(ledgerPath, [.. entries, entry]);
        }
        else
        {
            using var ledger = new FileStream(ledgerPath, FileMode.Append, FileAccess.Write, FileShare.Read);
            ledger.Write(Encoding.ASCII.GetBytes(entry.ToString()));
            ledger.Flush(flushToDisk: true);
        }

        file.Seek(0, SeekOrigin.End);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
        return true;
    }

    private static List<Entry> Read(string path, out long length)
    {
        var entries = new List<Entry>();
        length = 0;
        if (!File.Exists(path))
            return entries;
        using var ledger = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        length = ledger.Length;
        using var reader = new StreamReader(ledger, Encoding.ASCII);
        while (reader.ReadLine() is { } line)
        {
            // The last line of a writer that died may be cut short: then its append has not begun.
            if (line.Split(' ') is [var operation, var offset, var size, var at, "."])
                entries.Add(new Entry(operation, Number(offset), Number(size), Number(at)));
        }

        return entries;
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>All or nothing: the new ledger takes the old one's place when it is complete.</summary>
    private static void Replace(string path, List<Entry> entries)
    {
        var next = path + ".next";
        using (var ledger = new FileStream(next, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            ledger.Write(Encoding.ASCII.GetBytes(string.Concat(entries)));
            ledger.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }

    private sealed record Entry(string Operation, long Offset, long Length, long At)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"\n{Operation} {Offset} {Length} {At} .\n");
    }
}
