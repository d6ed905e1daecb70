// A CSI driver for one node: each volume is an XFS file system in a sparse file on the node's disk, mounted through
// a loop device, so that it has a size of its own, can run full and can grow while it is in use. (To grow a mounted
// ext4 takes CAP_SYS_RESOURCE, which root in a container or a small virtual machine may lack.) For tests only: it must
// not be asked to keep anything that matters, and does not move volumes between nodes.
//
// Usage: volumes -node NAME -folder FOLDER -socket SOCKET -registration SOCKET
package main

import (
	"flag"
	"log"
	"net"
	"os"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

// The name that a StorageClass and the CSIDriver object know the driver by.
const driverName = "volumes.holdfast.invalid"

// The label and topology key that ties a volume to the node that holds it.
const nodeKey = "kubernetes.io/hostname"

func main() {
	node := flag.String("node", "", "the node's name")
	folder := flag.String("folder", "", "where the files of the volumes are")
	socket := flag.String("socket", "", "where the kubelet, provisioner and resizer call")
	registrationSocket := flag.String("registration", "", "where the kubelet asks which driver this is")
	flag.Parse()
	if *node == "" || *folder == "" || *socket == "" || *registrationSocket == "" {
		flag.Usage()
		os.Exit(2)
	}

	store := &volumeStore{folder: *folder}
	driver := grpc.NewServer()
	csi.RegisterIdentityServer(driver, identity{})
	csi.RegisterControllerServer(driver, &controller{node: *node, volumes: store})
	csi.RegisterNodeServer(driver, &nodeService{node: *node, volumes: store})

	announcer := grpc.NewServer()
	registration.RegisterRegistrationServer(announcer, registrar{socket: *socket})

	failures := make(chan error)
	for path, server := range map[string]*grpc.Server{*socket: driver, *registrationSocket: announcer} {
		// A node that lost its power leaves the file of the socket behind.
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			log.Fatalf("cannot remove the socket of an earlier run: %v", err)
		}
		listener, err := net.Listen("unix", path)
		if err != nil {
			log.Fatalf("cannot listen on %s: %v", path, err)
		}
		go func() { failures <- server.Serve(listener) }()
	}
	log.Fatalf("a server ended: %v", <-failures)
}
