using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Automation.Workflows.Queries.Memory;

/// <summary>An id of an instance in 16 bytes. Ids of ours are UUIDs of version 7 in small letters; of others it keeps a hash.</summary>
/// <param name="Value">The digits, or the hash; ids of ours sort by it as their texts do.</param>
/// <param name="Form">How it is written.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct InstanceId(UInt128 Value, IdForm Form)
{
    public static InstanceId Of(string id)
    {
        var form = id.Length switch { 36 when id[14] == '7' => IdForm.Dashes, 32 when id[12] == '7' => IdForm.Digits, _ => IdForm.Foreign };
        if (form != IdForm.Foreign && Guid.TryParseExact(id, form == IdForm.Dashes ? "D" : "N", out var uuid) && !id.AsSpan().ContainsAnyInRange('A', 'F'))
        {
            Span<byte> bytes = stackalloc byte[16];
            uuid.TryWriteBytes(bytes, bigEndian: true, out _);
            return new InstanceId(BinaryPrimitives.ReadUInt128BigEndian(bytes), form);
        }

        return new InstanceId(BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(id))), IdForm.Foreign);
    }

    /// <summary>Writes an id of ours.</summary>
    /// <param name="text">Takes 36 characters.</param>
    /// <returns>How many it took.</returns>
    public int Write(Span<char> text)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Value);
        new Guid(bytes, bigEndian: true).TryFormat(text, out var length, Form == IdForm.Dashes ? "D" : "N");
        return length;
    }
}

/// <summary>How an id is written.</summary>
internal enum IdForm : byte
{
    /// <summary>Not one of ours.</summary>
    Foreign,

    /// <summary>Digits alone.</summary>
    Digits,

    /// <summary>With dashes.</summary>
    Dashes,
}
