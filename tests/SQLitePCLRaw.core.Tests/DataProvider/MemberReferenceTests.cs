using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace SQLitePCL.Tests.DataProvider;

/// <summary>The callers are compiled: what they refer to by name and signature must be there.</summary>
public sealed class MemberReferenceTests
{
    public static TheoryData<string> Callers => new(
        typeof(SqliteConnection).Assembly.Location,
        typeof(SqliteDbContextOptionsBuilderExtensions).Assembly.Location);

    [Theory]
    [MemberData(nameof(Callers), DisableDiscoveryEnumeration = true)]
    public void Every_member_that_the_data_provider_refers_to_exists(string caller)
    {
        var references = ReferencesTo(typeof(raw).Assembly, caller);
        var members = typeof(raw).Assembly.GetExportedTypes().SelectMany(MembersOf).ToHashSet(StringComparer.Ordinal);
        var missing = references.Where(r => !members.Contains(r)).ToList();

        Assert.NotEmpty(references);
        Assert.Empty(missing);
    }

    [Fact]
    public void The_data_provider_refers_to_the_77_members_that_this_binding_was_made_for()
    {
        Assert.Equal(77, ReferencesTo(typeof(raw).Assembly, typeof(SqliteConnection).Assembly.Location).Count);
    }

    [Theory]
    [MemberData(nameof(Callers), DisableDiscoveryEnumeration = true)]
    public void Every_type_that_the_data_provider_refers_to_exists(string caller)
    {
        using var image = new PEReader(File.OpenRead(caller));
        var reader = image.GetMetadataReader();
        var types = reader.TypeReferences
            .Select(reader.GetTypeReference)
            .Where(t => IsOf(typeof(raw).Assembly, reader, t.ResolutionScope))
            .Select(t => $"{reader.GetString(t.Namespace)}.{reader.GetString(t.Name)}")
            .ToList();
        var missing = types.Where(t => typeof(raw).Assembly.GetType(t) is not { IsPublic: true }).ToList();

        Assert.NotEmpty(types);
        Assert.Empty(missing);
    }

    [Theory]
    [MemberData(nameof(Callers), DisableDiscoveryEnumeration = true)]
    public void The_assembly_version_is_at_least_the_one_referred_to(string caller)
    {
        using var image = new PEReader(File.OpenRead(caller));
        var reader = image.GetMetadataReader();
        var wanted = reader.AssemblyReferences
            .Select(reader.GetAssemblyReference)
            .Single(a => IsNamed(typeof(raw).Assembly, reader, a));

        Assert.True(typeof(raw).Assembly.GetName().Version >= wanted.Version);
    }

    private static List<string> ReferencesTo(Assembly assembly, string caller)
    {
        using var image = new PEReader(File.OpenRead(caller));
        var reader = image.GetMetadataReader();
        var names = new SignatureNames();
        var references = new List<string>();
        foreach (var member in reader.MemberReferences.Select(reader.GetMemberReference))
        {
            if (member.Parent.Kind != HandleKind.TypeReference)
                continue;
            var type = reader.GetTypeReference((TypeReferenceHandle)member.Parent);
            if (!IsOf(assembly, reader, type.ResolutionScope))
                continue;
            var name = $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}::{reader.GetString(member.Name)}";
            references.Add(member.GetKind() == MemberReferenceKind.Field
                ? $"{member.DecodeFieldSignature(names, null)} {name}"
                : Describe(name, member.DecodeMethodSignature(names, null)));
        }

        return references;
    }

    private static string Describe(string name, MethodSignature<string> signature) =>
        $"{signature.ReturnType} {name}({string.Join(", ", signature.ParameterTypes)})";

    private static bool IsOf(Assembly assembly, MetadataReader reader, EntityHandle scope) =>
        scope.Kind == HandleKind.AssemblyReference
        && IsNamed(assembly, reader, reader.GetAssemblyReference((AssemblyReferenceHandle)scope));

    private static bool IsNamed(Assembly assembly, MetadataReader reader, AssemblyReference reference) =>
        reader.StringComparer.Equals(reference.Name, assembly.GetName().Name!);

    private static IEnumerable<string> MembersOf(Type type)
    {
        const BindingFlags Visible =
            BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        return type.GetFields(Visible).Select(f => $"{SignatureNames.Of(f.FieldType)} {type.FullName}::{f.Name}")
            .Concat(type.GetMethods(Visible).Select(m => $"{SignatureNames.Of(m.ReturnType)} {type.FullName}::{m.Name}({Parameters(m)})"))
            .Concat(type.GetConstructors(Visible).Select(c => $"System.Void {type.FullName}::.ctor({Parameters(c)})"));
    }

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(p => SignatureNames.Of(p.ParameterType)));
}
